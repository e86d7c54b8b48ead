#!/usr/bin/env bash
# what takes longer than a test may: a daemon that sleeps, as a laptop does, and wakes
cargo test --locked --test service -- --ignored
