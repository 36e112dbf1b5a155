//! What 10,000 routes (and as many extensions) cost: to read and check, and to decide by, in one dialplan and in 200.

#[path = "../tests/dialplan/many.rs"]
mod many;

use criterion::Criterion;
use std::hint::black_box;

fn main() {
    let mut c = Criterion::default().configure_from_args().sample_size(10);
    for (plans, routes) in [(1, 10_000), (200, 50)] {
        let name = match plans {
            1 => "10,000 routes in one dialplan".to_owned(),
            n => format!("10,000 routes in {n} dialplans"),
        };
        let files = many::files(plans, routes);
        c.bench_function(&format!("{name}: load and check"), |b| {
            b.iter(|| many::plan(black_box(&files)))
        });
        let plan = many::plan(&files);
        for (what, called) in [
            ("a number", "+442000009998"),
            ("a pattern", "003300999842"),
            ("a number that nobody has", "+442099999999"),
        ] {
            c.bench_function(&format!("{name}: {what} is routed"), |b| {
                b.iter(|| many::route(black_box(&plan), called))
            });
        }
    }
    c.final_summary();
}
