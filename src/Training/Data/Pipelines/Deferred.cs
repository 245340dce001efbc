using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Training.Data;

/// <summary>An element of a dataset that is not yet made: it can be skipped, reordered or given to another thread at no cost.</summary>
/// <typeparam name="T">The type of the element.</typeparam>
/// <remarks>Made once. Several threads may make its parts; then one makes the whole of them.</remarks>
internal abstract class Deferred<T>
{
    /// <summary>The number of parts that may be made each by another thread; 0 if it is made as a whole only.</summary>
    public virtual int Parts => 0;

    /// <summary>Makes a part.</summary>
    public virtual void MakePart(int part)
    {
    }

    /// <summary>Makes the element: of its parts, as far as they are made.</summary>
    public abstract T Make();

    /// <summary>Says that nobody uses the element any more, so that its memory may hold another one. Who passes an element on does not say so.</summary>
    public virtual void Release()
    {
    }

    /// <summary>The same element, of which a process makes what it needs.</summary>
    public virtual Deferred<T> For(Share share) => this;
}

/// <summary>An element that was made.</summary>
/// <param name="Value">The element.</param>
/// <param name="Source">What it was made of.</param>
internal readonly record struct Made<T>(T Value, Deferred<T> Source);

/// <summary>An element that is there.</summary>
internal sealed class Given<T>(T value) : Deferred<T>
{
    public override T Make() => value;
}

/// <summary>What a function makes of an element.</summary>
/// <param name="source">The element.</param>
/// <param name="function">The function.</param>
/// <param name="times">Counts the time that the function takes.</param>
internal sealed class Mapped<TSource, T>(Deferred<TSource> source, Func<TSource, T> function, StageTimes times) : Deferred<T>
{
    public override int Parts => source.Parts;

    public override void MakePart(int part) => source.MakePart(part);

    public override T Make()
    {
        var item = source.Make();
        var begun = StageTimes.Now;
        var result = function(item);
        times.Add(begun);
        return result;
    }
}

/// <summary>An element that several others are made from, on any threads.</summary>
internal sealed class Reused<T>(Deferred<T> source) : Deferred<T>
{
    private readonly Lock _gate = new();
    private Deferred<T>? _source = source;
    private T? _made;

    public override T Make()
    {
        lock (_gate)
        {
            if (_source is not null) _made = _source.Make();
            _source = null;
            return _made!;
        }
    }
}

/// <summary>Two elements.</summary>
internal sealed class Paired<TFirst, TSecond>(Deferred<TFirst> first, Deferred<TSecond> second) : Deferred<(TFirst, TSecond)>
{
    public override (TFirst, TSecond) Make() => (first.Make(), second.Make());
}

/// <summary>Several elements.</summary>
internal sealed class Listed<T>(IReadOnlyList<Deferred<T>> items) : Deferred<IReadOnlyList<T>>
{
    public override IReadOnlyList<T> Make() => [.. items.Select(item => item.Make())];
}
