namespace OnnxFunctional.Training.Distributing;

/// <summary>
/// Adds one part of the gradient, a bucket, over all shards of a batch. A rank puts in the gradients of its shards one after the other; what lies between ranks
/// is added by the communicator while the program does something else.
/// </summary>
/// <remarks>
/// Made once and used for every step: <c>Next</c> is written and <c>Push</c> called for each shard of the rank, then <c>Start</c> and <c>Wait</c>.
/// </remarks>
internal abstract class GradientSum(Communicator communicator, int floats, int shards) : Operation
{
    private int _pushed;

    /// <summary>Creates a sum.</summary>
    /// <param name="communicator">The ranks.</param>
    /// <param name="floats">The length of the gradient.</param>
    /// <param name="shards">How many shards a batch has, at least as many as there are ranks.</param>
    /// <param name="reduction">How they are added.</param>
    /// <param name="compression">In which type they are sent.</param>
    public static GradientSum Create(Communicator communicator, int floats, int shards, Reduction reduction, GradientCompression compression) =>
        reduction == Reduction.Library ? new LibrarySum(communicator, floats, shards) : new TreeSum(communicator, floats, shards, compression);

    /// <summary>The shards of this rank.</summary>
    public EvenRange Own { get; } = EvenRange.Of(communicator.Rank, communicator.Size, shards);

    /// <summary>Where the gradient of this rank's next shard is written.</summary>
    public Memory<float> Next => Place(_pushed);

    /// <summary>The sum of all shards, once <see cref="Wait"/> has returned and until the next gradient is written.</summary>
    public abstract Memory<float> Sum { get; }

    protected int Floats => floats;

    /// <summary>Takes what was written to <see cref="Next"/>.</summary>
    public void Push()
    {
        if (_pushed == Own.Count) throw new InvalidOperationException($"The rank has {Own.Count} shards; a further gradient came.");
        Fold(_pushed++);
    }

    /// <summary>Begins to add over the ranks.</summary>
    public void Start()
    {
        if (_pushed != Own.Count) throw new InvalidOperationException($"The rank has {Own.Count} shards; {_pushed} gradients came.");
        communicator.Start(this);
    }

    /// <summary>Waits for the sum.</summary>
    /// <exception cref="DistributionException">The library reported an error, or another rank has ended.</exception>
    public void Wait()
    {
        communicator.Wait(this);
        _pushed = 0;
    }

    /// <summary>Where the gradient of a shard of this rank goes.</summary>
    protected abstract Memory<float> Place(int shard);

    /// <summary>Adds what can be added now that this shard is there.</summary>
    protected abstract void Fold(int shard);
}
