namespace OnnxFunctional.Training.Distributing;

/// <summary>What a rank does with one of its sums.</summary>
internal enum TreeAction
{
    /// <summary>Adds another of its sums to it.</summary>
    Add,

    /// <summary>Sends it to another rank.</summary>
    Send,

    /// <summary>Adds the sum that another rank sends.</summary>
    Receive,
}

/// <param name="Action">What is done.</param>
/// <param name="Slot">The place of the sum.</param>
/// <param name="Other">The place of the other sum, or the other rank.</param>
internal readonly record struct TreeStep(TreeAction Action, int Slot, int Other);

/// <summary>The part of one rank in adding the gradients of all shards along one binary tree, which does not depend on the number of ranks.</summary>
/// <remarks>
/// The node <c>i</c> of level <c>l</c> covers the shards <c>i * 2^l</c> to <c>(i + 1) * 2^l - 1</c>, as far as there are so many, and is the sum of its two
/// halves. A rank adds what it has alone while its shards come in. What lies across ranks is made by the rank of a node's first shard, to which the other half
/// is sent; the root is then on rank 0. If shards and ranks are powers of two, the upper levels are a butterfly instead: after each all ranks have the sum.
/// </remarks>
internal sealed class TreePlan
{
    private readonly List<(int Start, int Slot)> _live = [];
    private readonly List<TreeStep>[] _inside;
    private readonly int[] _slots;
    private readonly List<TreeStep> _across = [];

    /// <summary>Plans the sum for a rank.</summary>
    public TreePlan(int rank, int size, int shards)
    {
        var own = EvenRange.Of(rank, size, shards);
        (_inside, _slots) = (new List<TreeStep>[own.Count], new int[own.Count]);
        for (var (shard, additions) = (0, 0); shard < own.Count; shard++)
        {
            // Every addition frees the last slot.
            _slots[shard] = shard - additions;
            AddInside(own.First, shard, shards);
            additions += _inside[shard].Count;
        }

        IsButterfly = int.IsPow2(size) && int.IsPow2(shards);
        if (!IsButterfly) AddAcross(rank, size, shards);
    }

    /// <summary>How many sums the rank holds at the same time.</summary>
    public int Slots { get; private set; }

    /// <summary>Whether each rank has one sum, and partners are <c>rank ^ 1</c>, <c>rank ^ 2</c>, <c>rank ^ 4</c>, and so on.</summary>
    public bool IsButterfly { get; }

    /// <summary>What follows between ranks, in order; nothing for a butterfly. The root is then in slot 0 of rank 0.</summary>
    public IReadOnlyList<TreeStep> Across => _across;

    /// <summary>Where the gradient of a rank's shard goes.</summary>
    public int SlotOf(int shard) => _slots[shard];

    /// <summary>What is added once the gradient of a rank's shard is there.</summary>
    public IReadOnlyList<TreeStep> Inside(int shard) => _inside[shard];

    private void AddInside(int first, int shard, int shards)
    {
        var (start, level) = (first + shard, 0);
        _live.Add((start, _live.Count));
        Slots = Math.Max(Slots, _live.Count);
        var steps = _inside[shard] = [];
        while (1L << level < shards)
        {
            var index = start >> level;
            if (index % 2 == 1)
            {
                // The left half is here if the rank has its first shard: all that lies between is the rank's own.
                var left = (index - 1) << level;
                if (left < first) return;
                steps.Add(new(TreeAction.Add, _live[^2].Slot, _live[^1].Slot));
                _live.RemoveAt(_live.Count - 1);
                start = left;
            }
            else if ((long)(index + 1) << level < shards)
            {
                return;
            }

            level++;
        }
    }

    private void AddAcross(int rank, int size, int shards)
    {
        for (var level = 0; 1L << level < shards; level++)
        {
            for (var left = 0L; left + (1L << level) < shards; left += 2L << level)
            {
                var right = left + (1L << level);
                var (target, source) = (EvenRange.Owner((int)left, size, shards), EvenRange.Owner((int)right, size, shards));
                if (target == rank && source == rank) AddOwn((int)left, (int)right);
                else if (target == rank) _across.Add(new(TreeAction.Receive, Slot((int)left), source));
                else if (source == rank) _across.Add(new(TreeAction.Send, Remove((int)right), target));
            }
        }
    }

    private void AddOwn(int left, int right)
    {
        if (_live.Exists(node => node.Start == right)) _across.Add(new(TreeAction.Add, Slot(left), Remove(right)));
    }

    private int Slot(int start) => _live.Find(node => node.Start == start).Slot;

    private int Remove(int start)
    {
        var index = _live.FindIndex(node => node.Start == start);
        var slot = _live[index].Slot;
        _live.RemoveAt(index);
        return slot;
    }
}
