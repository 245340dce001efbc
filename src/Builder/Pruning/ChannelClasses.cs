namespace OnnxFunctional.Pruning;

/// <summary>Channels that can only be removed together, as classes of a union-find. A fenced class stays, for a reason.</summary>
internal sealed class ChannelClasses
{
    private readonly List<int> _parents = [];
    private readonly Dictionary<int, string> _fences = [];

    /// <summary>New channels, each a class of its own.</summary>
    public int[] Make(int count)
    {
        var channels = new int[count];
        for (var i = 0; i < count; i++)
        {
            channels[i] = _parents.Count;
            _parents.Add(_parents.Count);
        }

        return channels;
    }

    /// <summary>The representative of a class: its first channel, so that results depend on the graph alone.</summary>
    public int Find(int channel)
    {
        while (_parents[channel] != channel)
        {
            _parents[channel] = _parents[_parents[channel]];
            channel = _parents[channel];
        }

        return channel;
    }

    public void Tie(int left, int right)
    {
        (left, right) = (Find(left), Find(right));
        if (left == right) return;
        var (first, other) = left < right ? (left, right) : (right, left);
        _parents[other] = first;
        if (_fences.Remove(other, out var reason)) _fences.TryAdd(first, reason);
    }

    /// <summary>Keeps a class; the first reason counts.</summary>
    public void Fence(int channel, string reason) => _fences.TryAdd(Find(channel), reason);

    /// <summary>Keeps a class for a reason that replaces earlier ones.</summary>
    public void FenceAnew(int channel, string reason) => _fences[Find(channel)] = reason;

    /// <summary>Why a class stays; null if it may be removed.</summary>
    public string? FenceOf(int channel) => _fences.GetValueOrDefault(Find(channel));
}
