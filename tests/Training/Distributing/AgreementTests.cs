using System.Collections.Concurrent;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Tests.Training.Distributing;

[TestClass]
public sealed class AgreementTests
{
    [TestMethod]
    public void Ranks_that_are_alike_agree() => Assert.IsEmpty(Messages(3, _ => [("number of samples", "64"), ("", "")]));

    [TestMethod]
    public void All_ranks_hear_the_same_of_which_item_differs_where()
    {
        var messages = Messages(4, rank => [("number of samples", rank == 2 ? "60" : "64"), ("optimizer", "Adam")]);
        Assert.HasCount(4, messages);
        Assert.AreEqual(
            "The processes of this training are not alike. The number of samples is 64 on ranks 0, 1 and 3, 60 on rank 2. "
            + "Start the same program everywhere, with the same options and the same data.",
            messages.Distinct().Single());
    }

    [TestMethod]
    public void Several_differences_and_missing_items_are_all_named()
    {
        var message = Messages(2, rank => rank == 0 ? [("a", "1"), ("b", "2")] : [("a", "3")]).Distinct().Single();
        StringAssert.Contains(message, "The a is 1 on rank 0, 3 on rank 1. The b is 2 on rank 0, missing on rank 1.");
    }

    [TestMethod]
    public void Many_ranks_are_counted()
    {
        var message = Messages(12, rank => [("a", rank == 5 ? "1" : "0")]).Distinct().Single();
        StringAssert.Contains(message, "The a is 0 on rank 0 and 10 others, 1 on rank 5.");
    }

    private static List<string> Messages(int ranks, Func<int, (string Item, string Value)[]> stated)
    {
        var messages = new ConcurrentBag<string>();
        InMemoryTransport.Run(ranks, communicator =>
        {
            var agreement = new Agreement();
            foreach (var (item, value) in stated(communicator.Rank)) agreement.Add(item, value);
            try
            {
                agreement.Check(communicator);
            }
            catch (DistributionException exception)
            {
                messages.Add(exception.Message);
            }
        });
        return [.. messages];
    }
}
