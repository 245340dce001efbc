using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Tests.Training.Distributing;

[TestClass]
public sealed class CommunicatorTests
{
    [TestMethod]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(5)]
    public void Broadcasts_sums_and_gatherings_bring_what_they_should(int ranks) => InMemoryTransport.Run(ranks, ControlChecks.Run);

    [TestMethod]
    public void One_process_needs_no_others() => ControlChecks.Run(new());

    [TestMethod]
    public void After_an_error_all_that_follows_ends_with_it()
    {
        InMemoryTransport.Run(1, communicator =>
        {
            var failing = new Failing();
            communicator.Start(failing);
            Assert.AreEqual("first", Assert.ThrowsExactly<InvalidOperationException>(() => communicator.Wait(failing)).Message);
            Assert.IsTrue(communicator.HasFailed);
            var second = new Counting();
            communicator.Start(second);
            Assert.AreEqual("first", Assert.ThrowsExactly<InvalidOperationException>(() => communicator.Wait(second)).Message);
            Assert.AreEqual(0, second.Runs);
        });
    }

    [TestMethod]
    public void Operations_run_in_the_order_in_which_they_were_started_and_again()
    {
        InMemoryTransport.Run(2, communicator =>
        {
            var operations = Enumerable.Range(0, 4).Select(_ => new Counting()).ToList();
            for (var step = 1; step < 50; step++)
            {
                foreach (var operation in operations) communicator.Start(operation);
                communicator.Wait(operations[^1]);
                foreach (var operation in operations) Assert.AreEqual(step, operation.Runs);
            }
        });
    }

    [TestMethod]
    public void Bytes_and_times_are_counted()
    {
        InMemoryTransport.Run(2, communicator =>
        {
            var before = communicator.BytesSent;
            communicator.Broadcast(new byte[1000]);
            Assert.AreEqual(communicator.Rank == 0 ? 1000 : 0, communicator.BytesSent - before);
            Assert.IsGreaterThan(TimeSpan.Zero, communicator.Communicated);

            // One operation may be done before it is waited for.
            for (var i = 0; i < 500; i++) communicator.Broadcast(new byte[1000]);
            Assert.IsGreaterThan(TimeSpan.Zero, communicator.Waited);
        });
    }

    [TestMethod]
    public void A_connection_that_fails_says_why()
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => new Communicator(() => throw new InvalidOperationException("no network")));
        Assert.AreEqual("no network", error.Message);
    }

    private sealed class Failing : Operation
    {
        public override void Run(Transport transport) => throw new InvalidOperationException("first");
    }

    private sealed class Counting : Operation
    {
        public int Runs { get; private set; }

        public override void Run(Transport transport)
        {
            transport.Barrier();
            Runs++;
        }
    }
}
