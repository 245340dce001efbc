using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Training.Data;

/// <summary>A batch of images that are not yet read: each may be read by another thread, straight to its place in the array of the batch.</summary>
/// <param name="reader">Reads an image.</param>
/// <param name="files">The images and their classes.</param>
/// <param name="targets">Makes targets of classes.</param>
/// <param name="times">Counts the time of each image.</param>
internal sealed class ImageBatch(ImageReader reader, (string Path, int Class)[] files, Func<int[], NDArray> targets, StageTimes times) : Deferred<Batch>
{
    private readonly bool[] _isMade = new bool[files.Length];
    private float[]? _pixels;

    /// <inheritdoc/>
    public override int Parts => files.Length;

    /// <inheritdoc/>
    public override void MakePart(int part)
    {
        var begun = StageTimes.Now;
        reader.Read(files[part].Path, Pixels().AsSpan(part * reader.Size, reader.Size));
        _isMade[part] = true;
        times.Add(begun);
    }

    /// <inheritdoc/>
    public override Batch Make()
    {
        for (var i = 0; i < files.Length; i++)
        {
            if (!_isMade[i]) MakePart(i);
        }

        return new(reader.Images(_pixels!), targets(Array.ConvertAll(files, file => file.Class)));
    }

    /// <inheritdoc/>
    public override void Release()
    {
        if (_pixels is not null) reader.Release(_pixels);
        _pixels = null;
    }

    /// <inheritdoc/>
    public override Deferred<Batch> For(Share share)
    {
        var own = share.Of(files.Length);
        return new Part(new ImageBatch(reader, files[own.First..own.End], targets, times), own.First, files.Length);
    }

    private float[] Pixels()
    {
        if (_pixels is { } pixels) return pixels;
        var own = reader.Allocate(files.Length);
        if (Interlocked.CompareExchange(ref _pixels, own, null) is not { } others) return own;
        reader.Release(own);
        return others;
    }

    /// <summary>The part of a process.</summary>
    private sealed class Part(ImageBatch own, int first, int samples) : Deferred<Batch>
    {
        public override int Parts => own.Parts;

        public override void MakePart(int part) => own.MakePart(part);

        public override void Release() => own.Release();

        public override Batch Make() => own.Make() with { PartOf = (first, samples) };
    }
}
