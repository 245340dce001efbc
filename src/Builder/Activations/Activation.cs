using System.Diagnostics;

namespace OnnxFunctional;

/// <summary>A function applied to every element of a layer's output (https://keras.io/api/layers/activations/).</summary>
/// <example><code>
/// var hidden = new Dense(32, Activation.Relu);
/// var cubic = new Dense(32, Activation.From(x => x * x * x, "cubic"));
/// </code></example>
[DebuggerDisplay("{Name,nq}")]
public sealed partial class Activation
{
    private readonly Func<SymbolicTensor, SymbolicTensor> _function;

    private Activation(string name, Func<SymbolicTensor, SymbolicTensor> function)
    {
        Name = name;
        _function = function;
    }

    /// <summary>Keras' name: <c>relu</c>, <c>hard_sigmoid</c>.</summary>
    public string Name { get; }

    /// <summary>A custom activation; its gradient follows from the function.</summary>
    /// <param name="function">Computes the activation from its input.</param>
    /// <param name="name">Its name in summaries and messages.</param>
    public static Activation From(Func<SymbolicTensor, SymbolicTensor> function, string name = "custom")
    {
        ArgumentNullException.ThrowIfNull(function);
        return new(name, function);
    }

    /// <summary>Applies the function; it keeps the shape unless the activation's documentation says otherwise.</summary>
    /// <param name="x">The input.</param>
    public SymbolicTensor Apply(SymbolicTensor x) => _function(x);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
