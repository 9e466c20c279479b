import type { Reporter, TestModule } from "vitest/node";

/** Closes a test run with `N passed, N failed` on a line of its own, which is what CI reads. */
export default class Counted implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) count[test.result().state] += 1;
      // A file that does not load holds no tests, and is a failure all the same.
      if (tests.length === 0 && module.state() === "failed") count.failed += 1;
    }
    const skipped = count.skipped + count.pending;
    process.stdout.write(
      `\n${count.passed} passed, ${count.failed} failed${skipped ? `, ${skipped} skipped` : ""}\n`,
    );
  }
}
