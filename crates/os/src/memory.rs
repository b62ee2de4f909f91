//! Memory that is not needed any more.

/// Gives free memory of the heap back to the system, also from the midst of it. Takes a millisecond
/// for some megabytes; without glibc the allocator is left to itself.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the function takes a plain number, and glibc allows it at any time in any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
