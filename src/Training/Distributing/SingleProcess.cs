namespace OnnxFunctional.Training.Distributing;

/// <summary>A training of one process: nothing moves.</summary>
internal sealed class SingleProcess : Transport
{
    public override int Rank => 0;

    public override int Size => 1;

    public override string Name => "one process";

    public override void Exchange(ReadOnlySpan<byte> sent, Span<byte> received, int partner) => throw NoPartner();

    public override void Send(ReadOnlySpan<byte> data, int target) => throw NoPartner();

    public override void Receive(Span<byte> data, int source) => throw NoPartner();

    public override void Broadcast(Span<byte> data, int root)
    {
    }

    public override void AllReduce(Span<byte> numbers, NumberType type)
    {
    }

    public override void AllGather(ReadOnlySpan<byte> own, Span<byte> all) => own.CopyTo(all);

    public override void Barrier()
    {
    }

    public override void Close()
    {
    }

    public override void Abort(int code) => Environment.Exit(code);

    private static InvalidOperationException NoPartner() => new("One process has no partner.");
}
