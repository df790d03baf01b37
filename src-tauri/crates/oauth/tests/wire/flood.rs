//! A consent that waits while others hammer on its port.

use std::{io::Write, net::TcpStream, thread};

use crate::callbacks::{ask, code_of, flow, status};

/// R-13, O-23, O-30: ten thousand forged and malformed requests while a consent waits.
#[tokio::test(flavor = "multi_thread")]
async fn r13_ten_thousand_forged_callbacks_and_the_genuine_one_still_succeeds() {
    let flow = flow().await;
    let port = flow.port;
    let attackers: Vec<_> = (0..4_u32)
        .map(|attacker| {
            thread::spawn(move || {
                let mut answered = 0;
                for i in 0..2_500_u32 {
                    let n = i.wrapping_mul(2_654_435_761).wrapping_add(attacker);
                    let own = format!("Host: 127.0.0.1:{port}\r\n");
                    let bytes = match i % 10 {
                        0 => format!("GET /callback?code={n}&state={n:043} HTTP/1.1\r\n{own}\r\n"),
                        1 => format!("GET /callback?error=access_denied&n={n} HTTP/1.1\r\n{own}\r\n"),
                        2 => format!("GET /callback?state=%zz{n} HTTP/1.1\r\n{own}\r\n"),
                        3 => format!("GET /callback?code=a&code=b&state={n} HTTP/1.1\r\n{own}\r\n"),
                        4 => format!("GET /callback?code=a HTTP/1.1\r\nHost: rebind{n}.example\r\n\r\n"),
                        5 => format!("POST /callback HTTP/1.1\r\n{own}Content-Length: 9\r\n\r\nstate=abc"),
                        6 => format!("\x01\x02{n}\r\n\r\n"),
                        7 => format!(
                            "GET /callback?error=<script>&error_description={} HTTP/1.1\r\n{own}\r\n",
                            n
                        ),
                        8 => format!("GET /{n} HTTP/1.1\r\n{own}\r\n"),
                        _ => {
                            // Half a request, then gone.
                            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
                                let _ = stream.write_all(b"GET /callback?code=");
                            }
                            continue;
                        }
                    };
                    let answer = ask(port, bytes.as_bytes());
                    assert!(!matches!(status(&answer), "200" | "303"), "{bytes} got {answer}");
                    answered += u32::from(!answer.is_empty());
                }
                answered
            })
        })
        .collect();
    let answered: u32 = attackers
        .into_iter()
        .map(|attacker| attacker.join().unwrap())
        .sum();
    assert!(answered > 8_500, "{answered}");
    assert!(!flow.waiting.is_finished());
    assert_eq!(status(&flow.get("/callback?code=c&state=STATE")), "303");
    assert_eq!(status(&flow.get("/done")), "200");
    assert_eq!(code_of(flow.waiting.await.unwrap()), Ok(()));
}

/// O-30: connections that say nothing cannot keep the genuine answer out.
#[tokio::test(flavor = "multi_thread")]
async fn o30_hundreds_of_half_open_connections_do_not_keep_the_genuine_one_out() {
    let flow = flow().await;
    let port = flow.port;
    let mut silent = Vec::new();
    for i in 0..400 {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
            continue;
        };
        if i % 2 == 0 {
            let _ = stream.write_all(b"GET /callback?state=");
        }
        silent.push(stream);
    }
    assert_eq!(status(&flow.get("/callback?code=c&state=STATE")), "303");
    assert_eq!(status(&flow.get("/done")), "200");
    assert_eq!(code_of(flow.waiting.await.unwrap()), Ok(()));
}
