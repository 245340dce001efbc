namespace OnnxFunctional;

/// <content>Arithmetic operators.</content>
public sealed partial class SymbolicTensor
{
    /// <summary>Elementwise sum, broadcast as in NumPy.</summary>
    public static SymbolicTensor operator +(SymbolicTensor left, SymbolicTensor right) => Ops.Add(left, right);

    /// <summary>Elementwise difference, broadcast as in NumPy.</summary>
    public static SymbolicTensor operator -(SymbolicTensor left, SymbolicTensor right) => Ops.Subtract(left, right);

    /// <summary>Elementwise product, broadcast as in NumPy.</summary>
    public static SymbolicTensor operator *(SymbolicTensor left, SymbolicTensor right) => Ops.Multiply(left, right);

    /// <summary>Elementwise quotient, broadcast as in NumPy.</summary>
    public static SymbolicTensor operator /(SymbolicTensor left, SymbolicTensor right) => Ops.Divide(left, right);

    /// <summary>Elementwise negation.</summary>
    public static SymbolicTensor operator -(SymbolicTensor value) => Ops.Negative(value);

    /// <summary>A number as a tensor of rank 0.</summary>
    public static implicit operator SymbolicTensor(double value) => Ops.Constant(value);

    /// <summary>A whole number as a tensor of rank 0, exactly: <c>ids == 123456789</c>. Beside a tensor it takes that tensor's type.</summary>
    public static implicit operator SymbolicTensor(long value) => Ops.WholeNumber(value);
}
