using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Runtime;

/// <summary>Opens sessions with our options, and explains what to do if ONNX Runtime or CUDA is missing.</summary>
internal static class OrtSetup
{
    private const string CudaProvider = "CUDAExecutionProvider";

    /// <summary>The version of ONNX Runtime that this process runs.</summary>
    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>The devices on which this process can run files: the processor, and the first graphics card if it can be used.</summary>
    public static IReadOnlyList<ExecutionProvider> Providers()
    {
        if (!OrtEnv.Instance().GetAvailableProviders().Contains(CudaProvider, StringComparer.Ordinal)) return [ExecutionProvider.Cpu];
        var cuda = ExecutionProvider.Cuda();
        try
        {
            // That a build knows CUDA does not mean that there is a card.
            using var probe = Create(cuda, new OnnxModelOptions());
            return [ExecutionProvider.Cpu, cuda];
        }
        catch (ExportException)
        {
            return [ExecutionProvider.Cpu];
        }
    }

    /// <summary>Opens a serialized model; the caller disposes of the session.</summary>
    /// <param name="model">The bytes of the file.</param>
    /// <param name="source">Its name in messages: a quoted file name, or "the model".</param>
    /// <param name="provider">The device.</param>
    /// <param name="options">Threads and optimization; the folder of external data.</param>
    /// <exception cref="OnnxFileException">ONNX Runtime rejects the model.</exception>
    /// <exception cref="ExportException">The device or ONNX Runtime itself is missing.</exception>
    /// <exception cref="ModelMemoryException">There is not enough memory for it.</exception>
    public static InferenceSession Open(byte[] model, string source, ExecutionProvider provider, OnnxModelOptions options) =>
        Open(sessionOptions => new InferenceSession(model, sessionOptions), model.Length, source, provider, options);

    /// <summary>Opens a file that we wrote or that passed the guard, without reading it into memory first; the caller disposes of the session.</summary>
    /// <exception cref="OnnxFileException">ONNX Runtime rejects the model.</exception>
    /// <exception cref="ExportException">The device or ONNX Runtime itself is missing.</exception>
    /// <exception cref="ModelMemoryException">There is not enough memory for it.</exception>
    public static InferenceSession OpenFile(string path, string source, ExecutionProvider provider, OnnxModelOptions options) =>
        Open(sessionOptions => new InferenceSession(path, sessionOptions), FileSize.Of(path), source, provider, options);

    /// <summary>Checks that sessions can be opened on a device.</summary>
    /// <exception cref="ExportException">The device or ONNX Runtime itself is missing.</exception>
    public static void Check(ExecutionProvider provider, OnnxModelOptions options) => Create(provider, options).Dispose();

    private static InferenceSession Open(
        Func<SessionOptions, InferenceSession> open, long bytes, string source, ExecutionProvider provider, OnnxModelOptions options)
    {
        if (provider.DeviceId is null) SessionMemory.Check(bytes, source, options.IsLean);
        using var sessionOptions = Create(provider, options);
        try
        {
            return open(sessionOptions);
        }
        catch (OnnxRuntimeException refused)
        {
            throw new OnnxFileException($"ONNX Runtime does not load {source}: {refused.Message}", refused);
        }
    }

    private static SessionOptions Create(ExecutionProvider provider, OnnxModelOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.IntraOpThreads);
        SessionOptions? result = null;
        try
        {
            OrtTelemetry.Ensure();
            result = new SessionOptions
            {
                GraphOptimizationLevel = Level(options.Optimization),
                // Errors on the CPU are thrown as exceptions; with CUDA the warnings name nodes that fall back to the CPU.
                LogSeverityLevel = provider.DeviceId is null ? OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL : OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING,
            };
            // Without this entry, the threads of an idle session keep spinning and take half of every core from the engine beside them.
            result.AddSessionConfigEntry("session.force_spinning_stop", options.SpinBetweenRuns ? "0" : "1");
            if (options.IntraOpThreads > 0) result.IntraOpNumThreads = options.IntraOpThreads;
            if (options.ExternalDataFolder is { Length: > 0 } folder)
                result.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", Path.GetFullPath(folder));
            if (options.ComputesAsWritten) result.AddSessionConfigEntry("session.qdq_matmulnbits_accuracy_level", "1");
            if (options.LeftOut.Length > 0) result.AddSessionConfigEntry("optimization.disable_specified_optimizers", options.LeftOut);
            if (options.IsLean)
            {
                result.AddSessionConfigEntry("session.disable_prepacking", "1");
                result.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1");
            }

            if (!options.KeepsMemory) result.EnableCpuMemArena = false;

            if (!options.PlansMemory)
            {
                // Of this mode only that is wanted: it looks for no buffers to share. A graph on one device runs node by node all the same.
                result.ExecutionMode = ExecutionMode.ORT_PARALLEL;
                result.InterOpNumThreads = 2;
                result.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
            }

            if (provider.DeviceId is { } device) AppendCuda(result, device, options.TensorFloat32);
            return result;
        }
        catch (Exception missing) when (missing is TypeInitializationException or DllNotFoundException or BadImageFormatException)
        {
            result?.Dispose();
            throw new ExportException(
                "ONNX Runtime's native library is missing. Add the package Microsoft.ML.OnnxRuntime (CPU) or Microsoft.ML.OnnxRuntime.Gpu (CUDA) to the "
                + "application.",
                missing);
        }
        catch
        {
            result?.Dispose();
            throw;
        }
    }

    private static GraphOptimizationLevel Level(GraphOptimization optimization) => optimization switch
    {
        GraphOptimization.None => GraphOptimizationLevel.ORT_DISABLE_ALL,
        GraphOptimization.Basic => GraphOptimizationLevel.ORT_ENABLE_BASIC,
        GraphOptimization.Extended => GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
        GraphOptimization.All => GraphOptimizationLevel.ORT_ENABLE_ALL,
        _ => throw new ArgumentOutOfRangeException(nameof(optimization), optimization, "Use a value of GraphOptimization."),
    };

    // Checked first, because the CPU package has no entry point for CUDA and fails with EntryPointNotFoundException.
    private static void AppendCuda(SessionOptions options, int device, bool tensorFloat32)
    {
        var offered = OrtEnv.Instance().GetAvailableProviders();
        if (!offered.Contains(CudaProvider, StringComparer.Ordinal))
        {
            throw new ExportException(
                $"CUDA:{device} was requested, but the ONNX Runtime of this application offers only {string.Join(", ", offered)}. "
                + "Reference the package Microsoft.ML.OnnxRuntime.Gpu instead of Microsoft.ML.OnnxRuntime, or use ExecutionProvider.Cpu.");
        }

        try
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(new Dictionary<string, string>
            {
                ["device_id"] = device.ToString(CultureInfo.InvariantCulture),
                ["use_tf32"] = tensorFloat32 ? "1" : "0",
            });
            options.AppendExecutionProvider_CUDA(cuda);
        }
        catch (Exception failed) when (failed is OnnxRuntimeException or EntryPointNotFoundException)
        {
            throw new ExportException(
                $"CUDA:{device} cannot be used: {failed.Message} Check that this card exists (nvidia-smi lists them) and that CUDA and cuDNN are installed, "
                + "or use ExecutionProvider.Cpu.",
                failed);
        }
    }
}
