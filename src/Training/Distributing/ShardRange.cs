namespace OnnxFunctional.Training.Distributing;

/// <summary>The shards of a batch that one rank computes: a run of them; runs differ in length by at most 1.</summary>
/// <param name="First">The first shard.</param>
/// <param name="Count">How many.</param>
internal readonly record struct ShardRange(int First, int Count)
{
    public int End => First + Count;

    /// <summary>The shards of a rank.</summary>
    public static ShardRange Of(int rank, int size, int shards)
    {
        var first = Start(rank, size, shards);
        return new(first, Start(rank + 1, size, shards) - first);
    }

    /// <summary>The rank that computes a shard.</summary>
    public static int Owner(int shard, int size, int shards)
    {
        var rank = (int)((long)shard * size / shards);
        while (Start(rank + 1, size, shards) <= shard) rank++;
        return rank;
    }

    private static int Start(int rank, int size, int shards) => (int)((long)rank * shards / size);
}
