namespace OnnxFunctional.Export;

/// <summary>The execution provider of ONNX Runtime that a file is written for.</summary>
public enum TargetProvider
{
    /// <summary>The processor: all builds have it.</summary>
    Cpu,

    /// <summary>NVIDIA's graphics cards.</summary>
    Cuda,

    /// <summary>onnxruntime-web in WebAssembly, with the processor's kernels and 4 GiB of memory.</summary>
    Web,

    /// <summary>Apple's Core ML, in the form of ML programs; it takes fixed sizes.</summary>
    CoreML,

    /// <summary>Android's neural networks; they take fixed sizes.</summary>
    Nnapi,

    /// <summary>Any graphics card of Windows.</summary>
    DirectML,
}
