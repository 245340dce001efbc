namespace OnnxFunctional.Training;

/// <summary>What Fit prints. Keras' numbers convert to it: <c>verbose: 0</c> is silent, 1 the bar, 2 one line per epoch.</summary>
/// <example><code>trainer.Fit(x, y, epochs: 20, verbose: 0);</code></example>
public readonly record struct Verbosity
{
    // The bar is what a program gets that says nothing, and so what an unset value must be.
    private readonly Kind _kind;

    private Verbosity(Kind kind) => _kind = kind;

    private enum Kind
    {
        Bar,
        Silent,
        Lines,
        Chart,
    }

    /// <summary>No output: Keras' 0.</summary>
    public static Verbosity Silent => new(Kind.Silent);

    /// <summary>A progress bar on a terminal, one line per epoch if output is redirected: Keras' 1, and the default.</summary>
    public static Verbosity Bar => new(Kind.Bar);

    /// <summary>One line per epoch: Keras' 2.</summary>
    public static Verbosity Lines => new(Kind.Lines);

    /// <summary>
    /// The bar, and above it a chart of losses and metrics over the epochs, drawn again after each; one line per epoch if output is redirected, or if the
    /// terminal does not show Unicode.
    /// </summary>
    /// <example><code>trainer.Fit(x, y, epochs: 20, verbose: Verbosity.Chart);</code></example>
    public static Verbosity Chart => new(Kind.Chart);

    /// <summary>Keras' number.</summary>
    /// <exception cref="ModelException">The number is none of 0, 1 and 2.</exception>
    public static implicit operator Verbosity(int number) => number switch
    {
        0 => Silent,
        1 => Bar,
        2 => Lines,
        _ => throw new ModelException($"verbose is {number}; expected 0 (silent), 1 (a bar) or 2 (one line per epoch)."),
    };

    /// <summary>The name: <c>Silent</c>, <c>Bar</c>, <c>Lines</c>, <c>Chart</c>.</summary>
    public override string ToString() => _kind.ToString();
}
