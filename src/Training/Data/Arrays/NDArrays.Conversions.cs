using System.Numerics.Tensors;

namespace OnnxFunctional.Training;

/// <content>The implicit conversions of one array: those of <see cref="NDArray"/>, because C# applies at most one conversion.</content>
public sealed partial class NDArrays
{
    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(float[] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(float[,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(float[,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(float[,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(float[,,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(double[] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(double[,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(double[,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(double[,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(double[,,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(int[] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(int[,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(int[,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(int[,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(int[,,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(long[] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(long[,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(long[,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(long[,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(long[,,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(byte[] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(byte[,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(byte[,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(byte[,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(byte[,,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(bool[] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(bool[,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(bool[,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(bool[,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(bool[,,,,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(string[] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(string[,] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(float[][] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(double[][] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(int[][] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(long[][] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(byte[][] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(bool[][] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(float[][][] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(double[][][] values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<float> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<double> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<int> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<long> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<bool> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<string> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<float[]> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<double[]> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<int[]> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<long[]> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(List<byte[]> values) => new([NDArray.From(values)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(Tensor<float> tensor) => new([NDArray.From(tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(Tensor<double> tensor) => new([NDArray.From(tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(Tensor<int> tensor) => new([NDArray.From(tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(Tensor<long> tensor) => new([NDArray.From(tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(Tensor<byte> tensor) => new([NDArray.From(tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(Tensor<bool> tensor) => new([NDArray.From(tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(Tensor<string> tensor) => new([NDArray.From(tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(ReadOnlyTensorSpan<float> tensor) => new([NDArray.From(in tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(ReadOnlyTensorSpan<double> tensor) => new([NDArray.From(in tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(ReadOnlyTensorSpan<int> tensor) => new([NDArray.From(in tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(ReadOnlyTensorSpan<long> tensor) => new([NDArray.From(in tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(ReadOnlyTensorSpan<byte> tensor) => new([NDArray.From(in tensor)]);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArrays(ReadOnlyTensorSpan<bool> tensor) => new([NDArray.From(in tensor)]);
}
