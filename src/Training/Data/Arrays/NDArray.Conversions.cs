using System.Numerics.Tensors;

namespace OnnxFunctional.Training;

/// <content>The implicit conversions, each of them <c>From</c>. C# has none for interfaces.</content>
public sealed partial class NDArray
{
    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(float[] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(float[,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(float[,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(float[,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(float[,,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(double[] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(double[,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(double[,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(double[,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(double[,,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(int[] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(int[,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(int[,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(int[,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(int[,,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(long[] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(long[,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(long[,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(long[,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(long[,,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(byte[] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(byte[,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(byte[,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(byte[,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(byte[,,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(bool[] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(bool[,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(bool[,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(bool[,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(bool[,,,,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(string[] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(string[,] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(float[][] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(double[][] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(int[][] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(long[][] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(byte[][] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(bool[][] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(float[][][] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(double[][][] values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<float> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<double> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<int> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<long> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<bool> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<string> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<float[]> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<double[]> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<int[]> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<long[]> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(List<byte[]> values) => From(values);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(Tensor<float> tensor) => From(tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(Tensor<double> tensor) => From(tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(Tensor<int> tensor) => From(tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(Tensor<long> tensor) => From(tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(Tensor<byte> tensor) => From(tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(Tensor<bool> tensor) => From(tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(Tensor<string> tensor) => From(tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(ReadOnlyTensorSpan<float> tensor) => From(in tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(ReadOnlyTensorSpan<double> tensor) => From(in tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(ReadOnlyTensorSpan<int> tensor) => From(in tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(ReadOnlyTensorSpan<long> tensor) => From(in tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(ReadOnlyTensorSpan<byte> tensor) => From(in tensor);

    /// <summary>One of the conversions that <see cref="NDArrays"/> lists.</summary>
    public static implicit operator NDArray(ReadOnlyTensorSpan<bool> tensor) => From(in tensor);
}
