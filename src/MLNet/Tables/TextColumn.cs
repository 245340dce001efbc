namespace OnnxFunctional.MLNet.Tables;

/// <summary>Texts.</summary>
/// <param name="get">The text of the row.</param>
internal sealed class TextColumn(ValueGetter<ReadOnlyMemory<char>> get) : ValueColumn
{
    /// <inheritdoc/>
    public override bool IsMissing => !get(out _);

    /// <inheritdoc/>
    public override ReadOnlySpan<char> Text => get(out var text) ? text.Span : [];
}
