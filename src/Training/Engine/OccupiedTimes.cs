namespace OnnxFunctional.Training.Engine;

/// <summary>Which places of a memory are taken at which times, for the lowest place that is free during a span of time.</summary>
/// <remarks>
/// A tree over time: each node knows the places that are taken during all of its time, and those that are taken at any moment of it, as joined intervals.
/// Few intervals remain once neighbors are joined, so a place is found in logarithmic time. Comparing with every other value instead took most of the
/// planning of long networks: a cell over 800 steps was planned and trained for one step in 5.7 s, against 1.0 s.
/// </remarks>
internal sealed class OccupiedTimes
{
    private readonly Intervals[] _throughout;
    private readonly Intervals[] _sometimes;
    private readonly int _leaves;

    /// <summary>Creates a free memory for times from 0 up to, but not including, <paramref name="times"/>.</summary>
    public OccupiedTimes(int times)
    {
        _leaves = 1;
        while (_leaves < times) _leaves *= 2;
        _throughout = new Intervals[2 * _leaves];
        _sometimes = new Intervals[2 * _leaves];
        for (var i = 0; i < _throughout.Length; i++) (_throughout[i], _sometimes[i]) = (new Intervals(), new Intervals());
    }

    /// <summary>The lowest place for a size that is free from the first to the last time, both included.</summary>
    public long Lowest(long size, int first, int last)
    {
        var sets = new List<Intervals>();
        Collect(1, 0, _leaves - 1);

        // Each set moves the place up to the end of what is in the way, until none does.
        var place = 0L;
        for (var agreed = 0; agreed < sets.Count;)
        {
            agreed = 0;
            foreach (var set in sets)
            {
                var free = set.Free(place, size);
                if (free == place) agreed++;
                place = free;
            }
        }

        return place;

        void Collect(int node, int from, int to)
        {
            if (last < from || to < first) return;
            if (first <= from && to <= last)
            {
                Use(_sometimes[node]);
                return;
            }

            Use(_throughout[node]);
            var middle = (from + to) / 2;
            Collect(2 * node, from, middle);
            Collect((2 * node) + 1, middle + 1, to);
        }

        void Use(Intervals set)
        {
            if (!set.IsEmpty) sets.Add(set);
        }
    }

    /// <summary>Takes a place from the first to the last time, both included.</summary>
    public void Take(long place, long size, int first, int last)
    {
        Mark(1, 0, _leaves - 1);

        void Mark(int node, int from, int to)
        {
            if (last < from || to < first) return;
            _sometimes[node].Add(place, place + size);
            if (first <= from && to <= last)
            {
                _throughout[node].Add(place, place + size);
                return;
            }

            var middle = (from + to) / 2;
            Mark(2 * node, from, middle);
            Mark((2 * node) + 1, middle + 1, to);
        }
    }

    /// <summary>Numbers that are taken, as intervals in order that neither overlap nor touch.</summary>
    private sealed class Intervals
    {
        private readonly List<(long Start, long End)> _taken = [];

        public bool IsEmpty => _taken.Count == 0;

        /// <summary>The lowest number from <paramref name="place"/> on that so many free ones begin with.</summary>
        public long Free(long place, long size)
        {
            for (var i = FirstEndingAfter(place); i < _taken.Count && _taken[i].Start < place + size; i++) place = _taken[i].End;
            return place;
        }

        public void Add(long start, long end)
        {
            // Those that end where this one starts, or later, up to those that start where it ends.
            var low = FirstEndingAfter(start - 1);
            var high = low;
            while (high < _taken.Count && _taken[high].Start <= end)
            {
                (start, end) = (Math.Min(start, _taken[high].Start), Math.Max(end, _taken[high].End));
                high++;
            }

            if (high - low == 1)
            {
                _taken[low] = (start, end);
                return;
            }

            _taken.RemoveRange(low, high - low);
            _taken.Insert(low, (start, end));
        }

        private int FirstEndingAfter(long place)
        {
            var (low, high) = (0, _taken.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (_taken[middle].End > place) high = middle;
                else low = middle + 1;
            }

            return low;
        }
    }
}
