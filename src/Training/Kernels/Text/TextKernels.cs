using System.Globalization;
using OnnxFunctional.Layers;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The kernels of operators on text.</summary>
internal static class TextKernels
{
    // Measured with two threads: 4,730 for a text of ten words, 56 for a word of a vocabulary of 20,000, 106 for a hash.
    private const double NanosecondsPerText = 5000;
    private const double NanosecondsPerWord = 60;
    private const double NanosecondsPerHash = 100;

    public static Kernel Indices(KernelRequest request, TokenIndices op) => new IndicesKernel(request, op);

    public static Kernel Count(KernelRequest request, CountTokens op) => new CountKernel(request, op);

    public static Kernel Lookup(KernelRequest request, LookupText op) => new LookupKernel(request, op);

    public static Kernel WordsAt(KernelRequest request, WordsAt op) => new WordsKernel(request, op);

    public static Kernel Hash(KernelRequest request, HashText op) => new HashKernel(request, op);

    public static Kernel Cross(KernelRequest request, CrossHash op) => new CrossKernel(request, op);

    private static ModelException Refused(Node node, string word) => new(
        $"The word '{word}' is not in the vocabulary of {node.Outputs[0].Origin}. Add it, or pass numOovIndices: 1 to give unknown words an index.");

    private sealed class IndicesKernel(KernelRequest request, TokenIndices op) : CutKernel(Cut.By(request.Input(0).Length, NanosecondsPerText))
    {
        private readonly ValueBuffer _texts = request.Input(0);
        private readonly ValueBuffer _indices = request.Output();

        protected override void Compute(int first, int end)
        {
            for (var i = first; i < end; i++)
                op.Words.Indices(op.Rules.Tokens(_texts.Strings[i]), _indices.Longs.Slice(i * op.Length, op.Length));
        }
    }

    private sealed class CountKernel(KernelRequest request, CountTokens op) : CutKernel(Cut.By(request.Input(0).Length, NanosecondsPerText))
    {
        private readonly ValueBuffer _texts = request.Input(0);
        private readonly ValueBuffer _counts = request.Output();

        protected override void Compute(int first, int end)
        {
            for (var i = first; i < end; i++)
                op.Words.Count(op.Rules.Tokens(_texts.Strings[i]), _counts.Floats.Slice(i * op.Words.Size, op.Words.Size));
        }
    }

    private sealed class LookupKernel(KernelRequest request, LookupText op) : CutKernel(Cut.By(request.Input(0).Length, NanosecondsPerWord))
    {
        private readonly Node _node = request.Node;
        private readonly ValueBuffer _words = request.Input(0);
        private readonly ValueBuffer _indices = request.Output();

        protected override void Compute(int first, int end)
        {
            for (var i = first; i < end; i++)
            {
                var word = _words.Strings[i];
                _indices.Longs[i] = op.Words.Refuses(word) ? throw Refused(_node, word) : op.Words.IndexOf(word);
            }
        }
    }

    private sealed class WordsKernel(KernelRequest request, WordsAt op) : CutKernel(Cut.By(request.Input(0).Length, NanosecondsPerWord))
    {
        private readonly ValueBuffer _indices = request.Input(0);
        private readonly ValueBuffer _words = request.Output();

        protected override void Compute(int first, int end)
        {
            for (var i = first; i < end; i++) _words.Strings[i] = op.WordAt(_indices.Longs[i]);
        }
    }

    private sealed class HashKernel(KernelRequest request, HashText op) : CutKernel(Cut.By(request.Input(0).Length, NanosecondsPerHash))
    {
        private readonly ValueBuffer _input = request.Input(0);
        private readonly ValueBuffer _bins = request.Output();

        protected override void Compute(int first, int end)
        {
            var isText = _input.Spec.Type == DType.String;
            for (var i = first; i < end; i++)
                _bins.Longs[i] = op.BinOf(isText ? _input.Strings[i] : _input.Longs[i].ToString(CultureInfo.InvariantCulture));
        }
    }

    private sealed class CrossKernel(KernelRequest request, CrossHash op) : CutKernel(Cut.By(request.Input(0).Length, NanosecondsPerHash))
    {
        private readonly ValueBuffer[] _features = [.. Enumerable.Range(0, request.Node.Inputs.Count).Select(request.Input)];
        private readonly ValueBuffer _bins = request.Output();

        protected override void Compute(int first, int end)
        {
            var features = new ulong[_features.Length];
            for (var i = first; i < end; i++)
            {
                for (var k = 0; k < features.Length; k++)
                {
                    features[k] = _features[k].Spec.Type == DType.String
                        ? TextHash.Fingerprint(_features[k].Strings[i])
                        : unchecked((ulong)_features[k].Longs[i]);
                }

                _bins.Longs[i] = op.BinOf(features);
            }
        }
    }
}
