#!/usr/bin/env bash
# what takes longer than a test may: a daemon that sleeps and wakes, a stop that waits its grace
cargo test --locked --test service --test stop -- --ignored
