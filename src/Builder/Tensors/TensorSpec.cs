namespace OnnxFunctional;

/// <summary>The shape and element type of a value, which are known before it is computed.</summary>
internal readonly record struct TensorSpec(Shape Shape, DType Type)
{
    public override string ToString() => Type == DType.Float32 ? Shape.ToString() : Shape + " " + Type.KerasName();
}
