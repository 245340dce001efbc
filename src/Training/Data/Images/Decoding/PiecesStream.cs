namespace OnnxFunctional.Training.Data;

/// <summary>Pieces of an array, read one after the other.</summary>
/// <param name="bytes">The array.</param>
/// <param name="pieces">Where they begin, and their lengths.</param>
internal sealed class PiecesStream(byte[] bytes, List<(int Start, int Length)> pieces) : ForwardStream
{
    private int _piece;
    private int _at;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        for (; _piece < pieces.Count; (_piece, _at) = (_piece + 1, 0))
        {
            var (start, length) = pieces[_piece];
            if (_at == length) continue;
            var count = Math.Min(buffer.Length, length - _at);
            bytes.AsSpan(start + _at, count).CopyTo(buffer);
            _at += count;
            return count;
        }

        return 0;
    }
}
