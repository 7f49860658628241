// What the smpp package needs of iconv-lite, on Node's own encodings.
exports.encode = function (text, to) {
	return to === 'utf16-be' ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, 'latin1');
};
exports.decode = function (bytes, from) {
	return from === 'utf16-be' ? Buffer.from(bytes).swap16().toString('utf16le') : bytes.toString('latin1');
};
