"""A phone on a WebSocket, with Debian's python3-websockets: registers as USER, prints each request that comes, answers an INVITE with 486,
and ends after the ACK. argv: URL USER PASSWORD DOMAIN [CAFILE]. Lines on standard output: what it saw, one word each."""

import asyncio, hashlib, re, ssl, sys
import websockets

URL, USER, PASSWORD, DOMAIN = sys.argv[1:5]
BY = "WSS" if URL.startswith("wss") else "WS"


def secure():
    return ssl.create_default_context(cafile=sys.argv[5]) if BY == "WSS" else None


def register(cseq, more=""):
    return (
        f"REGISTER sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/{BY} df7jal23ls0d.invalid;branch=z9hG4bKweb{cseq}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:{USER}@{DOMAIN}>;tag=web\r\nTo: <sip:{USER}@{DOMAIN}>\r\nCall-ID: web-{USER}\r\n"
        f"CSeq: {cseq} REGISTER\r\nContact: <sip:{USER}@df7jal23ls0d.invalid;transport=ws>;expires=300\r\n{more}\r\n"
    )


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def proof(challenge):
    part = lambda name: re.search(name + '="([^"]*)"', challenge).group(1)
    realm, nonce, uri = part("realm"), part("nonce"), f"sip:{DOMAIN}"
    ha1, ha2 = md5(f"{USER}:{realm}:{PASSWORD}"), md5(f"REGISTER:{uri}")
    response = md5(f"{ha1}:{nonce}:00000001:c:auth:{ha2}")
    return (
        f'Authorization: Digest username="{USER}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", '
        f'algorithm=MD5, qop=auth, nc=00000001, cnonce="c"\r\n'
    )


def answer(request, status, tag):
    kept = [l for l in request.split("\r\n") if re.match("(Via|From|To|Call-ID|CSeq):", l)]
    kept = [l + ";tag=" + tag if l.startswith("To:") and ";tag=" not in l else l for l in kept]
    return f"SIP/2.0 {status}\r\n" + "\r\n".join(kept) + "\r\n\r\n"


def say(word):
    print(word, flush=True)


async def refused(**how):
    try:
        async with websockets.connect(URL, ssl=secure(), **how):
            return "open"
    except websockets.exceptions.InvalidStatusCode as e:
        return str(e.status_code)


async def main():
    say("without-subprotocol " + await refused())
    say("other-page " + await refused(subprotocols=["sip"], origin="https://evil.example"))
    say("our-page " + await refused(subprotocols=["sip"], origin="https://phones.example"))
    async with websockets.connect(URL, subprotocols=["sip"], ssl=secure()) as ws:
        say("subprotocol " + str(ws.subprotocol))
        await ws.send(register(1))
        challenge = await ws.recv()
        say("challenged " + challenge.split()[1])
        await ws.send(register(2, proof(challenge)).encode())
        say("registered " + (await ws.recv()).split()[1])
        await asyncio.wait_for(await ws.ping(), 5)
        say("pong")
        await ws.send("\r\n\r\n")
        say("keepalive " + repr(await ws.recv()))
        while True:
            request = await ws.recv()
            method = request.split()[0]
            via = re.search("Via: (\\S+)", request).group(1)
            say(f"{method} {via} {request.split()[1]}")
            if method == "INVITE":
                await ws.send(answer(request, "486 Busy Here", "desk"))
            if method == "ACK":
                return


asyncio.run(asyncio.wait_for(main(), 60))
