using System.Numerics;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>The kernels by which a step touches some rows of a table and leaves the others alone.</summary>
internal static class RowKernels
{
    private const double NanosecondsPerRow = 8;
    private const double NanosecondsPerFloat = 0.4;

    public static Kernel Distinct(KernelRequest request, DistinctRows op) => new DistinctKernel(request, op.Rows);

    public static Kernel Set(KernelRequest request) => new SetKernel(request);

    /// <summary>Finds equal rows by a hash table with open addresses that is at most half full.</summary>
    private sealed class DistinctKernel(KernelRequest request, int rows) : Kernel
    {
        private readonly int[] _slots = new int[2 * (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, request.Output().Length))];

        public override void Run(in RunContext context)
        {
            Array.Clear(_slots);
            var distinct = request.Output().Ints;
            var count = 0;
            for (var list = 0; list < request.Inputs.Length; list++)
            {
                var indices = request.Input(list);
                var places = request.Output(2 + list).Ints;
                for (var i = 0; i < places.Length; i++)
                {
                    var row = GatherKernels.RowAt(request.Node, indices, i, rows);
                    var slot = SlotOf(row, distinct);
                    if (_slots[slot] == 0)
                    {
                        distinct[count] = row;
                        _slots[slot] = ++count;
                    }

                    places[i] = _slots[slot] - 1;
                }
            }

            distinct[count..].Fill(distinct[0]);
            request.Output(1).Ints[0] = count;
        }

        /// <summary>The slot that holds the place of a row, plus one, or the free one where it belongs.</summary>
        private int SlotOf(int row, Span<int> distinct)
        {
            var mask = _slots.Length - 1;
            var slot = (int)((uint)row * 0x9E37_79B1u >> 7) & mask;
            while (_slots[slot] != 0 && distinct[_slots[slot] - 1] != row) slot = (slot + 1) & mask;
            return slot;
        }
    }

    private sealed class SetKernel(KernelRequest request) : CutKernel(Cut.By(
        request.Input(1).Length, NanosecondsPerRow + (NanosecondsPerFloat * request.Input(3).Length / Math.Max(1, request.Input(1).Length))))
    {
        public override void Run(in RunContext context)
        {
            // A weight is set where it lies, unless somebody reads its old values afterwards.
            if (request.Input(0).Storage != request.Output().Storage) request.Input(0).Floats.CopyTo(request.Output().Floats);
            base.Run(context);
        }

        protected override void Compute(int first, int end)
        {
            var rows = request.Input(1).Ints;
            var values = request.Input(3).Floats;
            var table = request.Output().Floats;
            var length = values.Length / rows.Length;
            end = Math.Min(end, request.Input(2).Ints[0]);
            for (var i = first; i < end; i++) values.Slice(i * length, length).CopyTo(table[(rows[i] * length)..]);
        }
    }
}
