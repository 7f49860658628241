// The phone side of an e-mail-to-SMS operator: Gammu runs it for each text that
// comes in, and it mails the text to whoever last wrote to that phone.
// node receive.js DIR HOST PORT
'use strict';
const fs = require('fs');
const net = require('net');
const [dir, port] = process.argv.slice(2);

const number = process.env.SMS_1_NUMBER;
let text = '';
for (let i = 1; i <= Number(process.env.SMS_MESSAGES || '1'); i++) text += process.env[`SMS_${i}_TEXT`] || '';
const known = JSON.parse(fs.readFileSync(`${dir}/known/${number}`, 'utf8'));
const mail = [
	`From: <${number}@sms.neuvo.test>`, `To: <${known.sender}>`, 'Subject: SMS reply', `Message-ID: <${Date.now()}.${process.pid}@sms.neuvo.test>`,
	'Date: Mon, 23 Nov 2026 09:31:00 +0000', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '',
	`Sender: ${number}`, 'Date: 2026-11-23 11:31', '', text, '', '--- Original message ---', known.text, '.', '',
].join('\r\n');

// One line after the other: each answer lets the next go.
const lines = ['EHLO sms.neuvo.test', `MAIL FROM:<${number}@sms.neuvo.test>`, `RCPT TO:<${known.sender}>`, 'DATA', mail.slice(0, -2), 'QUIT'];
const conn = net.connect(Number(port), '127.0.0.1');
conn.on('data', (said) => {
	if (/^[45]/.test(said.toString())) { process.stderr.write(said); process.exit(1); }
	if (lines.length > 0) conn.write(lines.shift() + '\r\n');
	else process.exit(0);
});
