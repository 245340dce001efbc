namespace OnnxFunctional.Layers;

/// <summary>Stacked cells as one cell: the output of each is the input of the next.</summary>
/// <remarks>
/// <para>States: those of all cells in order. Output: that of the last cell. Weights: those of all cells.</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/stacked_rnn_cells/</para>
/// </remarks>
/// <param name="cells">The cells, from the input upwards.</param>
/// <param name="name">The cell's name.</param>
/// <exception cref="ModelException">There are no cells.</exception>
public sealed class StackedRnnCells(IReadOnlyList<RecurrentCell> cells, string? name = null) : RecurrentCell(name)
{
    /// <summary>The cells, from the input upwards.</summary>
    public IReadOnlyList<RecurrentCell> Cells { get; private set; } = cells is { Count: > 0 }
        ? [.. cells]
        : throw Check.Option("StackedRnnCells", nameof(cells), "an empty list", "at least one cell");

    /// <inheritdoc/>
    public override IntValues StateSize => [.. Cells.SelectMany(cell => cell.StateSize)];

    internal override string ClassName => "StackedRNNCells";

    internal override LayerBase CopyUncalled(string? name)
    {
        var copy = (StackedRnnCells)base.CopyUncalled(name);

        // A cell that is listed twice has its weights once, in the copy too.
        var copies = Cells.Distinct().ToDictionary(cell => cell, cell => (RecurrentCell)cell.CopyUncalled(cell.GivenName));
        copy.Cells = [.. Cells.Select(cell => copies[cell])];
        return copy;
    }

    /// <inheritdoc/>
    protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
    {
        var (after, first) = (new List<SymbolicTensor>(), 0);
        foreach (var cell in Cells)
        {
            var (output, next) = cell.Call(x, [.. states.Skip(first).Take(cell.StateSize.Count)]);
            x = output;
            after.AddRange(next);
            first += cell.StateSize.Count;
        }

        return (x, after.ToArray());
    }
}

/// <summary>Repeats a cell over the steps of a sequence.</summary>
/// <remarks>
/// <para>Input: (batch, time, ...). Output: the cell's, or with ReturnSequences one per time step. States: the cell's. Weights: the cell's.</para>
/// <para>
/// A known number of steps unrolls the loop. An unknown one makes it a Scan in exported models and steps of training, which then take sequences of any length;
/// the cell must be without dropout, losses and updates of its own.
/// </para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/rnn/</para>
/// </remarks>
/// <param name="cell">One step.</param>
/// <param name="returnSequences">Whether the outputs of all steps are returned instead of the last one's.</param>
/// <param name="returnState">Whether a call also returns the final states.</param>
/// <param name="goBackwards">Whether the sequence is read backwards.</param>
/// <param name="stateful">Whether each batch starts from the final states of the previous one.</param>
/// <param name="unroll">Whether Keras unrolls the loop; the results are the same.</param>
/// <param name="zeroOutputForMask">Whether a masked step outputs zeros instead of the previous output.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <example><code>
/// var x = new Rnn(new LstmCell(32), returnSequences: true).Call(Model.Input([null, 8]));
/// var stacked = new Rnn([new GruCell(32), new GruCell(16)]).Call(Model.Input([null, 8]));
/// </code></example>
public sealed class Rnn(
    RecurrentCell cell,
    bool returnSequences = false,
    bool returnState = false,
    bool goBackwards = false,
    bool stateful = false,
    bool unroll = false,
    bool zeroOutputForMask = false,
    Regularizer? activityRegularizer = null,
    string? name = null)
    : RecurrentLayer(activityRegularizer, returnSequences, returnState, goBackwards, stateful, unroll, zeroOutputForMask, name)
{
    /// <summary>Repeats stacked cells over the steps of a sequence.</summary>
    /// <param name="cells">The cells, from the input upwards.</param>
    /// <param name="returnSequences">Whether the outputs of all steps are returned instead of the last one's.</param>
    /// <param name="returnState">Whether a call also returns the final states.</param>
    /// <param name="goBackwards">Whether the sequence is read backwards.</param>
    /// <param name="stateful">Whether each batch starts from the final states of the previous one.</param>
    /// <param name="unroll">Whether Keras unrolls the loop; the results are the same.</param>
    /// <param name="zeroOutputForMask">Whether a masked step outputs zeros instead of the previous output.</param>
    /// <param name="activityRegularizer">A penalty on the output.</param>
    /// <param name="name">The layer's name; by default the model chooses one.</param>
    /// <exception cref="ModelException">There are no cells.</exception>
    public Rnn(
        IReadOnlyList<RecurrentCell> cells,
        bool returnSequences = false,
        bool returnState = false,
        bool goBackwards = false,
        bool stateful = false,
        bool unroll = false,
        bool zeroOutputForMask = false,
        Regularizer? activityRegularizer = null,
        string? name = null)
        : this(new StackedRnnCells(cells), returnSequences, returnState, goBackwards, stateful, unroll, zeroOutputForMask, activityRegularizer, name)
    {
    }

    /// <summary>One step.</summary>
    public RecurrentCell Cell { get; private set; } = cell ?? throw new ArgumentNullException(nameof(cell));

    internal override string ClassName => "RNN";

    internal override LayerBase CopyUncalled(string? name)
    {
        var copy = (Rnn)base.CopyUncalled(name);
        copy.Cell = (RecurrentCell)Cell.CopyUncalled(Cell.GivenName);
        return copy;
    }

    private protected override void CheckInput(SymbolicTensor x) => Check.MinimumRank(x, 3, "(batch, time, ...)");

    private protected override IReadOnlyList<Shape> StateShapes(SymbolicTensor x) => [.. Cell.StateSize.Select(size => Shape.Of(x.Shape.Dim(0), size))];

    private protected override SymbolicTensors Run(SymbolicTensor x, SymbolicTensors states, bool ownTimes) =>
        WrittenOut(x, states, ownTimes, "Repeating a cell", (time, before) => Cell.Call(time, before));
}
