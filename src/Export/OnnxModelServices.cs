using System.ComponentModel;
using OnnxFunctional.Export;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>ONNX files as services of an application.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class OnnxModelServices
{
    /// <summary>
    /// Adds a file as a singleton <see cref="OnnxModel"/>, which is loaded when it is first asked for and disposed of with the application.
    /// </summary>
    /// <remarks>
    /// All requests use the one model at the same time: it is safe for that, and a pool of models would only hold the weights several times. A service answers
    /// many requests at once, so each runs on one thread unless <paramref name="options"/> say otherwise.
    /// </remarks>
    /// <param name="services">The services of the application.</param>
    /// <param name="path">The .onnx file; external weights are looked up in its folder.</param>
    /// <param name="provider">The device; <see cref="ExecutionProvider.Cpu"/> by default.</param>
    /// <param name="options">Threads, optimization and limits; by default one thread per request.</param>
    /// <param name="serviceKey">Tells several models apart: <c>[FromKeyedServices("fruits")] OnnxModel model</c>.</param>
    /// <returns>The same services.</returns>
    /// <example>
    /// <code>
    /// var services = new ServiceCollection().AddOnnxModel("model.onnx");    // builder.Services in ASP.NET
    /// using var provider = services.BuildServiceProvider();
    /// var onnx = provider.GetRequiredService&lt;OnnxModel&gt;();               // or a parameter of a handler
    /// Console.WriteLine(onnx.Predict(new float[,] { { 1, 2, 3 } }));
    /// </code>
    /// </example>
    public static IServiceCollection AddOnnxModel(
        this IServiceCollection services,
        string path,
        ExecutionProvider? provider = null,
        OnnxModelOptions? options = null,
        object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        options ??= new OnnxModelOptions { IntraOpThreads = 1 };
        services.Add(ServiceDescriptor.KeyedSingleton(serviceKey, (_, _) => OnnxModel.Load(path, provider, options)));
        return services;
    }
}
