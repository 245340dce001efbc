using System.Globalization;

namespace OnnxFunctional.Export;

/// <summary>The device on which ONNX Runtime runs a model.</summary>
public sealed record ExecutionProvider
{
    private ExecutionProvider(string name, int? deviceId)
    {
        Name = name;
        DeviceId = deviceId;
    }

    /// <summary>The processor; every build of ONNX Runtime supports it.</summary>
    public static ExecutionProvider Cpu { get; } = new("CPU", null);

    /// <summary>The name without the device's number: <c>CPU</c> or <c>CUDA</c>.</summary>
    public string Name { get; }

    /// <summary>The number of the graphics card, null for the processor.</summary>
    public int? DeviceId { get; }

    /// <summary>An NVIDIA graphics card. The application must reference the package Microsoft.ML.OnnxRuntime.Gpu; otherwise loading a model throws.</summary>
    /// <param name="deviceId">CUDA's number of the card, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="deviceId"/> is negative.</exception>
    public static ExecutionProvider Cuda(int deviceId = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(deviceId);
        return new ExecutionProvider("CUDA", deviceId);
    }

    /// <summary><c>CPU</c>, <c>CUDA:0</c> ...</summary>
    public override string ToString() => DeviceId is { } device ? Name + ":" + device.ToString(CultureInfo.InvariantCulture) : Name;
}
