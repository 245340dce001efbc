using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Execution;

[TestClass]
public sealed class PlacementTests
{
    [TestMethod]
    public void A_thread_leaves_a_processor_and_may_come_back()
    {
        if (!OperatingSystem.IsLinux() || Environment.ProcessorCount < 2) Assert.Inconclusive("Needs Linux and two processors.");
        var left = 0;
        var thread = new Thread(() =>
        {
            // The scheduler may bring the thread back at any moment, so a single look proves nothing.
            for (var i = 0; i < 20 && left < 5; i++)
            {
                var before = Placement.Processor;
                new Placement().Leave(before);
                if (Placement.Processor != before) left++;
            }
        });
        thread.Start();
        thread.Join();
        Assert.IsGreaterThanOrEqualTo(5, left, "each move starts where the last one ended, so a mask that was not restored would allow only one");
    }

    [TestMethod]
    public void Unknown_and_other_processors_are_left_alone()
    {
        var placement = new Placement();
        placement.Leave(-1);
        placement.Leave(int.MaxValue);
        if (OperatingSystem.IsLinux()) Assert.IsInRange(0, 1023, Placement.Processor);
        else Assert.AreEqual(-1, Placement.Processor);
    }
}
