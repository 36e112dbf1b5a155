"""A mail server, with Debian's python3-aiosmtpd. argv: HOST PORT FOLDER [CERT KEY USER PASSWORD]; with the last four it wants STARTTLS and
that password. Each mail that it takes becomes N.json (from, to, subject, text) and N.wav (its attachment) in the folder."""

import email, email.policy, json, pathlib, signal, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

HOST, PORT, FOLDER = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])


class Takes:
    taken = 0

    async def handle_DATA(self, server, session, envelope):
        Takes.taken += 1
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        for part in mail.iter_attachments():
            (FOLDER / f"{Takes.taken}.wav").write_bytes(part.get_content())
        said = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "subject": mail["subject"],
            "id": mail["message-id"],
            "text": mail.get_body().get_content(),
            "tls": session.ssl is not None,
        }
        (FOLDER / f"{Takes.taken}.part").write_text(json.dumps(said))
        (FOLDER / f"{Takes.taken}.part").rename(FOLDER / f"{Takes.taken}.json")
        return "250 OK"


def knows(server, session, envelope, mechanism, data):
    wanted = [word.encode() for word in sys.argv[6:8]]
    return AuthResult(success=[data.login, data.password] == wanted)


more = {}
if len(sys.argv) > 4:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(sys.argv[4], sys.argv[5])
    more = dict(tls_context=tls, require_starttls=True, authenticator=knows, auth_required=True)
Controller(Takes(), hostname=HOST, port=PORT, **more).start()
print("listens", flush=True)
signal.pause()
