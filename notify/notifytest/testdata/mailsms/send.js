// The mail side of an e-mail-to-SMS operator: gives a mail's text to Gammu and
// remembers who sent to which phone, so that the answer finds its way.
// node send.js DIR SENDER USER < mail
'use strict';
const fs = require('fs');
const { spawnSync } = require('child_process');
const [dir, sender, user] = process.argv.slice(2);

const number = '+' + user;
if (!/^\d{7,15}$/.test(user) || user.endsWith('0000')) process.exit(67); // EX_NOUSER: no such phone

const [head, ...rest] = fs.readFileSync(0).toString('latin1').split(/\r?\n\r?\n/);
let body = rest.join('\n\n');
if (/^content-transfer-encoding:\s*quoted-printable/im.test(head)) {
	body = body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
const text = Buffer.from(body, 'latin1').toString('utf8').replace(/\r\n/g, '\n').replace(/\n$/, '').split('\n##')[0];

fs.writeFileSync(`${dir}/known/${number}`, JSON.stringify({ sender, text }));
const sent = spawnSync('/usr/bin/gammu-smsd-inject', ['-c', `${dir}/smsdrc`, 'TEXT', number, '-autolen', '1000', '-text', text], { encoding: 'utf8', env: { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' } });
if (sent.status !== 0) {
	process.stderr.write(sent.stdout + sent.stderr);
	process.exit(75); // EX_TEMPFAIL
}
