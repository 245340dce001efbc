namespace OnnxFunctional.Regularizers;

/// <summary>The vectors of a matrix that are driven towards orthogonality.</summary>
public enum OrthogonalMode
{
    /// <summary>The rows: for a Dense kernel, one vector per input.</summary>
    Rows,

    /// <summary>The columns: for a Dense kernel, one vector per unit.</summary>
    Columns,
}

/// <summary>Penalizes vectors that are not orthogonal: <c>factor</c> times the mean absolute cosine over all pairs of vectors.</summary>
/// <remarks>For matrices only. Keras: https://keras.io/api/layers/regularizers/</remarks>
/// <param name="factor">The factor.</param>
/// <param name="mode">Rows or columns.</param>
/// <exception cref="ModelException">The factor is negative or not finite.</exception>
public sealed class OrthogonalRegularizer(double factor = 0.01, OrthogonalMode mode = OrthogonalMode.Rows) : Regularizer
{
    /// <summary>The factor.</summary>
    public double Factor { get; } = Check.NotNegative(factor, "OrthogonalRegularizer", nameof(factor));

    /// <summary>Rows or columns.</summary>
    public OrthogonalMode Mode { get; } = mode;

    /// <inheritdoc/>
    protected internal override SymbolicTensor Penalty(SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 2 || !x.Shape.IsKnown)
            throw new ModelException($"OrthogonalRegularizer takes a matrix of known size, but got {x.Shape}. Choose another regularizer for this weight.");
        var rows = Mode == OrthogonalMode.Rows;
        var unit = Ops.UnitLength(x, rows ? 1 : 0, 1e-7f);
        var cosines = Ops.Make(new Operators.MatMul(TransposeLeft: !rows, TransposeRight: rows), unit, unit);
        var size = x.Shape.Dim(rows ? 0 : 1);
        var others = new float[Sizes.Count(Shape.Of(size, size), "OrthogonalRegularizer: its matrix of cosines")];
        for (var i = 0; i < others.Length; i++) others[i] = i % (size + 1) == 0 ? 0 : 1;

        // One vector has no partner: its penalty is 0, not 0 / 0.
        var pairs = MathF.Max(1, size * (size - 1f) / 2);
        return Ops.Sum(Ops.Abs(cosines * Ops.Constant(Shape.Of(size, size), others))) * (Factor * 0.5 / pairs);
    }
}
