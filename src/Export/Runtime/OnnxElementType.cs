using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using TensorElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace OnnxFunctional.Export.Runtime;

/// <summary>An element type that both .NET and ONNX Runtime have: what each calls it, and how its tensors go from one to the other.</summary>
internal abstract class OnnxElementType
{
    private static readonly IReadOnlyList<OnnxElementType> s_all =
    [
        new Number<float>("float", TensorElementType.Float),
        new Number<double>("double", TensorElementType.Double),
        new HalfNumber(),
        new Number<sbyte>("sbyte", TensorElementType.Int8),
        new Number<byte>("byte", TensorElementType.UInt8),
        new Number<short>("short", TensorElementType.Int16),
        new Number<ushort>("ushort", TensorElementType.UInt16),
        new Number<int>("int", TensorElementType.Int32),
        new Number<uint>("uint", TensorElementType.UInt32),
        new Number<long>("long", TensorElementType.Int64),
        new Number<ulong>("ulong", TensorElementType.UInt64),
        new Number<bool>("bool", TensorElementType.Bool),
        new Text(),
    ];

    private OnnxElementType(Type type, string name, TensorElementType ortType) => (Type, Name, OrtType) = (type, name, ortType);

    public Type Type { get; }

    /// <summary>As C# writes it: <c>float</c>, <c>long</c> ...</summary>
    public string Name { get; }

    public TensorElementType OrtType { get; }

    /// <summary>The row of a .NET type; null if ONNX Runtime has no such type.</summary>
    public static OnnxElementType? Find(Type type) => s_all.FirstOrDefault(row => row.Type == type);

    /// <summary>The row of a type of ONNX Runtime; null if .NET has no such type.</summary>
    public static OnnxElementType? Find(TensorElementType type) => s_all.FirstOrDefault(row => row.OrtType == type);

    public static string NameOf(Type type) => Find(type)?.Name ?? type.Name;

    /// <summary>An OrtValue over the pinned elements of a value; strings and Half are copied.</summary>
    /// <param name="value">The value; its elements are of this type.</param>
    /// <param name="input">The input it is for, for messages.</param>
    public abstract OrtValue ToOrt(OnnxValue value, string input);

    /// <summary>A copy of a tensor of ONNX Runtime.</summary>
    public abstract OnnxValue FromOrt(OrtValue value, nint[] lengths);

    private static long[] Shape(OnnxValue value) => Array.ConvertAll(value.LengthArray, length => (long)length);

    private static T[] Flatten<T>(Tensor<T> tensor)
    {
        var elements = new T[checked((int)tensor.FlattenedLength)];
        tensor.FlattenTo(elements);
        return elements;
    }

    private sealed class Number<T>(string name, TensorElementType ortType) : OnnxElementType(typeof(T), name, ortType)
        where T : unmanaged
    {
        public override OrtValue ToOrt(OnnxValue value, string input)
        {
            var tensor = value.As<T>();
            return tensor.IsDense && !tensor.IsEmpty
                ? OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, new TensorMemory<T>(tensor).Memory, Shape(value))
                : OrtValue.CreateTensorValueFromMemory(Flatten(tensor), Shape(value));
        }

        public override OnnxValue FromOrt(OrtValue value, nint[] lengths) => OnnxValue.Of(value.GetTensorDataAsSpan<T>().ToArray(), lengths);
    }

    /// <summary>ONNX Runtime refuses System.Half and takes its own type of the same bits.</summary>
    private sealed class HalfNumber() : OnnxElementType(typeof(Half), "Half", TensorElementType.Float16)
    {
        public override OrtValue ToOrt(OnnxValue value, string input) =>
            OrtValue.CreateTensorValueFromMemory(MemoryMarshal.Cast<Half, Float16>(Flatten(value.As<Half>())).ToArray(), Shape(value));

        public override OnnxValue FromOrt(OrtValue value, nint[] lengths) =>
            OnnxValue.Of(MemoryMarshal.Cast<Float16, Half>(value.GetTensorDataAsSpan<Float16>()).ToArray(), lengths);
    }

    private sealed class Text() : OnnxElementType(typeof(string), "string", TensorElementType.String)
    {
        public override OrtValue ToOrt(OnnxValue value, string input)
        {
            var elements = Flatten(value.As<string>());
            if (Array.IndexOf(elements, null) is var missing and >= 0)
                throw new ArgumentException($"Input '{input}' has no string at flat position {missing} (null). Give an empty string instead.");

            var ort = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, Shape(value));
            for (var i = 0; i < elements.Length; i++) ort.StringTensorSetElementAt(elements[i].AsSpan(), i);
            return ort;
        }

        public override OnnxValue FromOrt(OrtValue value, nint[] lengths) => OnnxValue.Of(value.GetStringTensorAsArray(), lengths);
    }
}
