using System.Diagnostics;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Execution;

[TestClass]
public sealed class PaceTests
{
    [TestMethod]
    public void A_plan_whose_threads_run_together_keeps_them_all()
    {
        var pace = new Pace(4);
        for (var i = 0; i < 10_000; i++)
        {
            Assert.AreEqual(4, pace.Threads);
            pace.Add(Milliseconds(1), lost: Milliseconds(0.05));
        }
    }

    [TestMethod]
    public void Threads_that_wait_for_each_other_give_way_and_come_back_when_they_may()
    {
        var pace = new Pace(2);
        var (shared, _) = Run(pace, 4000, threads => threads == 2 ? (2, 1.2) : (1, 0));
        Assert.AreEqual(1, pace.Threads);
        Assert.IsLessThan(1.05 * 4000, shared, "the time beside that of the better number");

        var (alone, runs) = Run(pace, 20_000, threads => threads == 2 ? (0.5, 0) : (1, 0));
        Assert.AreEqual(2, pace.Threads);
        Assert.IsLessThan(1.3 * 0.5 * runs, alone);
    }

    [TestMethod]
    public void Waits_with_another_reason_cost_little()
    {
        var pace = new Pace(2);
        var (time, runs) = Run(pace, 10_000, threads => threads == 2 ? (0.6, 0.3) : (1, 0));
        Assert.IsLessThan(1.03 * 0.6 * runs, time);
    }

    [TestMethod]
    public void A_trial_that_meets_a_taken_core_ends_with_its_first_run()
    {
        var pace = new Pace(2);
        Run(pace, 2000, threads => threads == 2 ? (4, 3) : (2, 0));
        Assert.AreEqual(1, pace.Threads);
        var (time, runs) = Run(pace, 20_000, threads => threads == 2 ? (200, 198) : (2, 0));
        Assert.IsLessThan(1.06 * 2 * runs, time);
    }

    [TestMethod]
    public void Of_eight_threads_on_two_cores_two_stay()
    {
        var pace = new Pace(8);
        Run(pace, 4000, threads => threads switch { 8 => (5, 4), 4 => (2.5, 1.5), 2 => (1, 0.2), _ => (1.9, 0) });
        Assert.AreEqual(2, pace.Threads);
    }

    [TestMethod]
    public void A_number_that_was_too_small_grows_although_threads_still_wait()
    {
        var pace = new Pace(8);
        Run(pace, 1000, threads => (threads, threads == 1 ? 0 : threads * 0.5));
        Assert.AreEqual(1, pace.Threads);
        Run(pace, 20_000, threads => (8.0 / threads, 8.0 / threads * 0.2));
        Assert.AreEqual(8, pace.Threads);
    }

    [TestMethod]
    public void Short_runs_are_judged_by_many_of_them()
    {
        var pace = new Pace(2);
        for (var i = 0; i < 400; i++) pace.Add(Milliseconds(0.02), lost: i == 0 ? Milliseconds(0.02) : 0);
        Assert.AreEqual(2, pace.Threads, "one slow run is no pattern");
        Run(pace, 2000, threads => threads == 2 ? (0.02, 0.01) : (0.012, 0));
        Assert.AreEqual(1, pace.Threads);
    }

    private static (double Time, int Runs) Run(Pace pace, int runs, Func<int, (double Time, double Lost)> machine)
    {
        var sum = 0.0;
        for (var i = 0; i < runs; i++)
        {
            var (time, lost) = machine(pace.Threads);
            pace.Add(Milliseconds(time), Milliseconds(lost));
            sum += time;
        }

        return (sum, runs);
    }

    private static long Milliseconds(double count) => (long)(count * Stopwatch.Frequency / 1000);
}
