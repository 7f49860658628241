// An operator's SMS centre for tests: takes binds and texts, sends receipts, and
// brings texts of phones. It tells what it gets as JSON lines on standard output
// and takes the texts of phones as JSON lines on standard input.
//
// Phones ending in 0000 do not exist, those ending in 0001 are never reached.
'use strict';
const smpp = require('smpp');
const readline = require('readline');

const tell = (o) => process.stdout.write(JSON.stringify(o) + '\n');
const bound = new Set();
let number = 0;

function receipt(session, pdu, id) {
	const lost = pdu.destination_addr.endsWith('0001');
	session.deliver_sm({
		source_addr: pdu.destination_addr, source_addr_ton: 1, source_addr_npi: 1, destination_addr: pdu.source_addr, esm_class: 4,
		short_message: `id:${id} sub:001 dlvrd:${lost ? '000' : '001'} submit date:2611230930 done date:2611230930 stat:${lost ? 'UNDELIV' : 'DELIVRD'} err:${lost ? '027' : '000'} text:`,
	});
}

const server = smpp.createServer((session) => {
	session.on('error', () => session.destroy());
	session.on('close', () => bound.delete(session));
	session.on('enquire_link', (pdu) => session.send(pdu.response()));
	session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
	for (const kind of ['bind_transceiver', 'bind_receiver', 'bind_transmitter']) {
		session.on(kind, (pdu) => {
			if (pdu.password !== 'secret') {
				session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
				return;
			}
			session.send(pdu.response({ system_id: 'smsc' }));
			if (kind !== 'bind_transmitter') bound.add(session);
			tell({ bound: kind });
		});
	}
	session.on('submit_sm', (pdu) => {
		if (pdu.destination_addr.endsWith('0000')) {
			session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
			return;
		}
		const id = (++number).toString();
		const body = pdu.short_message.message;
		tell({
			from: pdu.source_addr, to: pdu.destination_addr, coding: pdu.data_coding, text: body.toString(),
			parts: (pdu.short_message.udh || []).map((u) => Array.from(u)),
		});
		session.send(pdu.response({ message_id: id }));
		if (pdu.registered_delivery & 1) setImmediate(() => receipt(session, pdu, id));
	});
});

readline.createInterface({ input: process.stdin }).on('line', (line) => {
	const text = JSON.parse(line);
	for (const session of bound) {
		session.deliver_sm({
			source_addr: text.from, source_addr_ton: 1, source_addr_npi: 1, destination_addr: text.to, data_coding: text.coding,
			esm_class: text.udh ? 0x40 : 0,
			short_message: text.udh ? { udh: Buffer.from(text.udh), message: text.text } : text.text,
		});
		break;
	}
}).on('close', () => process.exit(0)); // the test has ended

server.listen(Number(process.argv[2]), '127.0.0.1', () => tell({ listening: true }));
