using System.Runtime.ExceptionServices;

namespace OnnxFunctional.Training.Data;

/// <summary>Makes elements in advance on threads, and passes them on in their order: what comes does not depend on the number of threads.</summary>
/// <remarks>
/// A thread takes the next part of the element under way, or else reads the next element from the source, which one thread does at a time. An error is thrown
/// where its element would have come. The threads end with the last element, or when the reader stops.
/// </remarks>
internal sealed class AheadPass<T> : IDisposable
{
    private readonly object _gate = new();
    private readonly IEnumerator<Deferred<T>> _source;
    private readonly Ahead _ahead;
    private readonly AheadTimes _times;
    private readonly bool _countsBytes;
    private readonly Queue<Slot> _slots = new();
    private readonly Thread[] _threads;
    private Slot? _open;
    private long _bytes;
    private bool _isReading;
    private bool _isEnded;
    private bool _isStopped;

    private AheadPass(IEnumerable<Deferred<T>> source, Ahead ahead)
    {
        (_source, _ahead, _times, _countsBytes) = (source.GetEnumerator(), ahead, ahead.Times!, ahead.MostBytes < long.MaxValue);
        _threads = new Thread[ahead.Threads];
        for (var i = 0; i < _threads.Length; i++) _threads[i] = new Thread(Work) { IsBackground = true, Name = "dataset" };
    }

    private bool HasRoom => _slots.Count < _ahead.Buffer && (_slots.Count == 0 || _bytes < _ahead.MostBytes);

    /// <summary>The elements.</summary>
    /// <param name="source">What is made, in order.</param>
    /// <param name="ahead">Threads, and how much they make in advance.</param>
    public static IEnumerable<Made<T>> Of(IEnumerable<Deferred<T>> source, Ahead ahead)
    {
        using var pass = new AheadPass<T>(source, ahead);
        foreach (var thread in pass._threads) thread.Start();
        while (pass.Next() is { } slot) yield return slot.Element;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads) thread.Join();
        _source.Dispose();
    }

    private Slot? Next()
    {
        lock (_gate)
        {
            if (!IsReady())
            {
                var begun = StageTimes.Now;
                while (!IsReady()) Monitor.Wait(_gate);
                _times.AddWaited(begun);
            }

            if (!_slots.TryDequeue(out var slot)) return null;
            _bytes -= slot.Bytes;

            // Threads are woken for several elements at a time: on a core that the reader uses too, each waking is a change of threads.
            if (_slots.Count <= _ahead.Buffer / 2) Monitor.PulseAll(_gate);
            return slot;
        }

        bool IsReady() => _slots.TryPeek(out var first) ? first.IsMade : _isEnded;
    }

    private void Work()
    {
        while (TryFind(out var slot, out var part))
        {
            if (slot is null) Read();
            else Make(slot, part);
        }
    }

    /// <summary>Finds something to do: a part of an element; or, if there is none, to read the next element.</summary>
    private bool TryFind(out Slot? slot, out int part)
    {
        (slot, part) = (null, 0);
        lock (_gate)
        {
            while (!_isStopped)
            {
                if (_open is { } open)
                {
                    (slot, part) = (open, open.Taken++);
                    if (open.Taken == open.Parts) _open = null;
                    return true;
                }

                if (_isEnded) return false;
                var hasRoom = HasRoom;
                if (hasRoom && !_isReading) return _isReading = true;
                var begun = StageTimes.Now;
                Monitor.Wait(_gate);
                if (!hasRoom) _times.AddIdle(begun);
            }

            return false;
        }
    }

    private void Read()
    {
        Slot? next = null;
        try
        {
            if (_source.MoveNext()) next = new Slot(_source.Current);
        }
        catch (Exception error)
        {
            next = new Slot(error);
        }

        lock (_gate)
        {
            _isReading = false;
            _isEnded = next is null or { IsMade: true };
            if (next is not null) _slots.Enqueue(next);
            if (!_isEnded) _open = next;
            Monitor.PulseAll(_gate);
        }
    }

    private void Make(Slot slot, int part)
    {
        var error = slot.TryMakePart(part);
        lock (_gate)
        {
            if (error is not null) slot.Fail(part, error);
            if (--slot.Left > 0) return;
        }

        slot.Complete(_countsBytes);
        lock (_gate)
        {
            slot.IsMade = true;
            _bytes += slot.Bytes;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The place of an element.</summary>
    private sealed class Slot
    {
        private readonly Deferred<T>? _source;
        private T? _value;
        private ExceptionDispatchInfo? _error;
        private int _failed;

        public Slot(Deferred<T> element)
        {
            _source = element;
            Parts = Left = Math.Max(1, element.Parts);
        }

        public Slot(Exception error) => (_error, IsMade) = (ExceptionDispatchInfo.Capture(error), true);

        public int Parts { get; }

        /// <summary>How many parts were given to threads.</summary>
        public int Taken { get; set; }

        /// <summary>How many parts are not yet made.</summary>
        public int Left { get; set; }

        public bool IsMade { get; set; }

        public long Bytes { get; private set; }

        /// <summary>The element.</summary>
        public Made<T> Element
        {
            get
            {
                _error?.Throw();
                return new(_value!, _source!);
            }
        }

        public Exception? TryMakePart(int part)
        {
            try
            {
                if (_source!.Parts > 0) _source.MakePart(part);
                return null;
            }
            catch (Exception error)
            {
                return error;
            }
        }

        /// <summary>Keeps the error of the first part that has one, whichever failed first.</summary>
        public void Fail(int part, Exception error)
        {
            if (_error is null || part < _failed) (_error, _failed) = (ExceptionDispatchInfo.Capture(error), part);
        }

        public void Complete(bool countsBytes)
        {
            try
            {
                if (_error is null) _value = _source!.Make();
                if (countsBytes && _error is null) Bytes = ElementBytes.Of(_value);
            }
            catch (Exception error)
            {
                _error = ExceptionDispatchInfo.Capture(error);
            }
        }
    }
}
