using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

[TestClass]
[TestCategory("Kernels")]
public class RecurrentTests
{
    private static readonly RecurrentKind[] Kinds = Enum.GetValues<RecurrentKind>();

    [TestMethod]
    [DataRow(1, 1, 1, 1)]
    [DataRow(3, 2, 3, 3)]
    [DataRow(7, 5, 5, 8)]
    [DataRow(17, 5, 1, 17)]
    [DataRow(2, 3, 17, 33)]
    [DataRow(9, 2, 3, 66)]
    public void Forward_agrees_with_a_plain_loop(int batch, int time, int inputs, int units)
    {
        using var pool = new WorkerPool(1);
        foreach (var kind in Kinds)
        {
            var test = new RecurrentCase(new(kind, batch, time, inputs, units), seed: 1);
            test.Forward(pool, training: true);
            test.CheckForward();
            test.CheckPrediction(pool);
        }
    }

    [TestMethod]
    [DataRow(1, 1, 1, 1, int.MaxValue)]
    [DataRow(3, 5, 3, 3, int.MaxValue)]
    [DataRow(7, 2, 5, 8, 40)]
    [DataRow(17, 3, 1, 17, 20)]
    [DataRow(1, 2, 3, 33, 20)]
    [DataRow(2, 2, 19, 66, 8)]
    public void Backward_agrees_with_finite_differences(int batch, int time, int inputs, int units, int most)
    {
        using var pool = new WorkerPool(1);
        foreach (var kind in Kinds)
        {
            var test = new RecurrentCase(new(kind, batch, time, inputs, units), seed: 2);
            test.Check(pool, most);
        }
    }

    [TestMethod]
    public void The_reverse_direction_agrees_with_a_plain_loop()
    {
        using var pool = new WorkerPool(1);
        foreach (var kind in Kinds)
        {
            var test = new RecurrentCase(new(kind, 3, 5, 3, 5) { Reverse = true }, seed: 3);
            test.Check(pool);
        }
    }

    [TestMethod]
    [DataRow(false, false)]
    [DataRow(true, false)]
    [DataRow(false, true)]
    [DataRow(true, true)]
    public void A_mask_keeps_the_state_and_repeats_or_zeroes_the_output(bool zero, bool reverse)
    {
        // Right-padded, left-padded, with gaps, and a row without any step.
        byte[] mask = [1, 1, 1, 0, 0, 0, 0, 1, 255, 1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
        using var pool = new WorkerPool(1);
        foreach (var kind in Kinds)
        {
            foreach (var activation in new[] { RecurrentActivation.Tanh, RecurrentActivation.Softsign })
            {
                var shape = new RecurrentShape(kind, 5, 5, 2, 3) { ZeroOutputForMask = zero, Reverse = reverse, Activation = activation };
                var test = new RecurrentCase(shape, seed: 4) { Mask = mask };
                test.Check(pool);
                test.CheckPrediction(pool);
            }
        }
    }

    [TestMethod]
    public void Absent_initial_states_and_bias_are_zeros()
    {
        using var pool = new WorkerPool(1);
        foreach (var kind in Kinds)
        {
            var test = new RecurrentCase(new(kind, 3, 3, 2, 5), seed: 5) { InitialState = [], InitialCell = [], Bias = [] };
            test.Check(pool);
        }
    }

    [TestMethod]
    public void An_upstream_gradient_of_any_output_alone_gives_its_gradient()
    {
        using var pool = new WorkerPool(1);
        foreach (var kind in Kinds)
        {
            var shape = new RecurrentShape(kind, 3, 3, 2, 5);
            Check(new(shape, seed: 6) { LastStateGradient = [], LastCellGradient = [] });
            Check(new(shape, seed: 7) { SequenceGradient = [], LastCellGradient = [] });
            if (kind == RecurrentKind.Lstm) Check(new(shape, seed: 8) { SequenceGradient = [], LastStateGradient = [] });
        }

        void Check(RecurrentCase test)
        {
            test.ForwardAndBackward(pool);
            test.CheckBackward();
        }
    }

    [TestMethod]
    public void Every_activation_agrees_with_a_plain_loop()
    {
        using var pool = new WorkerPool(1);
        foreach (var activation in Enum.GetValues<RecurrentActivation>())
        {
            foreach (var kind in Kinds)
            {
                var shape = new RecurrentShape(kind, 2, 3, 2, 3) { Activation = activation, GateActivation = RecurrentActivation.HardSigmoid };
                Check(new(shape, seed: 9));
                if (kind != RecurrentKind.Simple) Check(new(shape with { Activation = RecurrentActivation.Tanh, GateActivation = activation }, seed: 10));
            }
        }

        void Check(RecurrentCase test)
        {
            // Otherwise exponentials of exponentials overflow in the reference.
            for (var i = 0; i < test.RecurrentKernel.Length; i++) test.RecurrentKernel[i] *= 0.2f;
            for (var i = 0; i < test.InitialCell.Length; i++) test.InitialCell[i] *= 0.2f;
            test.Check(pool, 12);
            test.CheckPrediction(pool);
        }
    }

    [TestMethod]
    public void An_unbounded_activation_does_not_leak_from_unused_lanes()
    {
        // e^0 = 1 makes the cell of a padding lane grow by one per step until its activation overflows.
        using var pool = new WorkerPool(1);
        var shape = new RecurrentShape(RecurrentKind.Lstm, 1, 100, 1, 3)
        {
            Activation = RecurrentActivation.Exponential,
            GateActivation = RecurrentActivation.Exponential,
        };
        var test = new RecurrentCase(shape, seed: 11);
        Array.Fill(test.Bias, -3f);
        test.ForwardAndBackward(pool);
        test.CheckForward();
        foreach (var value in test.KernelGradient) Assert.IsTrue(float.IsFinite(value));
        foreach (var value in test.InputGradient) Assert.IsTrue(float.IsFinite(value));
    }

    [TestMethod]
    public void A_long_sequence_of_few_rows_splits_the_input_product_by_steps()
    {
        using var pool = new WorkerPool(2);
        foreach (var kind in Kinds)
        {
            foreach (var reverse in new[] { false, true })
            {
                var shape = new RecurrentShape(kind, 1, 131, 33, 9) { Reverse = reverse };
                Assert.IsTrue(new RecurrentLayout(shape, training: false).SplitsInput);
                var test = new RecurrentCase(shape, seed: 12);
                test.Check(pool, 3);
                test.CheckPrediction(pool);
            }
        }
    }

    [TestMethod]
    public void Many_blocks_share_the_scratch_of_their_part()
    {
        using var pool = new WorkerPool(2);
        foreach (var kind in Kinds)
        {
            var test = new RecurrentCase(new(kind, 1100, 2, 1, 1), seed: 13);
            test.Check(pool, 3);
            test.Forward(pool, training: false);
            test.CheckForward();
        }
    }

    [TestMethod]
    [DataRow(21, false)]
    [DataRow(33, true)]
    public void Two_threads_give_the_bits_of_one(int batch, bool sumsWeightsByPart)
    {
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        foreach (var kind in Kinds)
        {
            var shape = new RecurrentShape(kind, batch, 6, 3, 20);
            Assert.AreEqual(sumsWeightsByPart, new RecurrentLayout(shape, training: true).SumsWeightsByPart);
            var test = new RecurrentCase(shape, seed: 14);
            test.Check(one, 3);
            var expected = test.Results;
            test.ForwardAndBackward(two);
            var actual = test.Results;
            for (var i = 0; i < expected.Length; i++) CollectionAssert.AreEqual(expected[i], actual[i], $"{kind}: {i}");
        }
    }

    [TestMethod]
    [DoNotParallelize]
    public void A_run_allocates_nothing()
    {
        using var pool = new WorkerPool(1);
        foreach (var kind in Kinds)
        {
            var shape = new RecurrentShape(kind, 9, 4, 3, 5);
            var forward = new RecurrentForward(shape, training: true);
            var backward = new RecurrentBackward(shape);
            var buffers = new RecurrentForwardBuffers
            {
                Input = new float[9 * 4 * 3],
                Kernel = new float[3 * 5 * shape.Gates],
                RecurrentKernel = new float[5 * 5 * shape.Gates],
                Sequence = new float[9 * 4 * 5],
                Reserve = new float[forward.ReserveLength],
                Workspace = new float[forward.WorkspaceLength],
            };
            var gradients = new RecurrentBackwardBuffers
            {
                Input = buffers.Input,
                Kernel = buffers.Kernel,
                RecurrentKernel = buffers.RecurrentKernel,
                Reserve = buffers.Reserve,
                SequenceGradient = buffers.Sequence,
                InputGradient = new float[9 * 4 * 3],
                KernelGradient = new float[3 * 5 * shape.Gates],
                RecurrentKernelGradient = new float[5 * 5 * shape.Gates],
                BiasGradient = new float[shape.BiasLength],
                Workspace = new float[backward.WorkspaceLength],
            };
            forward.Run(pool, buffers);
            backward.Run(pool, gradients);
            var before = GC.GetAllocatedBytesForCurrentThread();
            forward.Run(pool, buffers);
            backward.Run(pool, gradients);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.AreEqual(0, allocated, kind.ToString());
        }
    }

    [TestMethod]
    public void A_wrong_length_is_named_with_what_was_expected()
    {
        using var pool = new WorkerPool(1);
        var driver = new RecurrentForward(new(RecurrentKind.Lstm, 2, 3, 1, 4), training: false);
        var error = Assert.ThrowsExactly<ArgumentException>(() => driver.Run(pool, new() { Input = new float[5] }));
        StringAssert.Contains(error.Message, "Input holds 5 values, expected 6");
    }
}
