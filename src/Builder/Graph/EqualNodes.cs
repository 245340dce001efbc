namespace OnnxFunctional;

/// <summary>Finds nodes that compute the same: equal operators applied to the same values.</summary>
internal sealed class EqualNodes
{
    private readonly Dictionary<Key, Node> _known = [];

    /// <summary>The first node that was asked for and computes what the given one does; the node itself if there is none.</summary>
    public Node First(Node node)
    {
        var key = new Key(node);
        if (_known.TryGetValue(key, out var known)) return known;
        _known.Add(key, node);
        return node;
    }

    private readonly struct Key(Node node) : IEquatable<Key>
    {
        private readonly Node _node = node;

        public bool Equals(Key other)
        {
            if (_node.Inputs.Count != other._node.Inputs.Count || !_node.Op.Equals(other._node.Op)) return false;
            for (var i = 0; i < _node.Inputs.Count; i++)
            {
                if (!ReferenceEquals(_node.Inputs[i], other._node.Inputs[i])) return false;
            }

            return true;
        }

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.Add(_node.Op);
            foreach (var input in _node.Inputs) hash.Add(input);
            return hash.ToHashCode();
        }
    }
}
