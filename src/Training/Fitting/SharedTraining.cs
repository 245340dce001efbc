using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Training;

/// <summary>What the processes of a training agree on.</summary>
internal static class SharedTraining
{
    extension(Distribution distribution)
    {
        /// <summary>Whether it is so in any process; then all of them know.</summary>
        public bool Any(bool isSo)
        {
            if (distribution.Size == 1) return isSo;
            Span<long> count = [isSo ? 1 : 0];
            distribution.Communicator.AllReduce(count);
            return count[0] > 0;
        }

        /// <summary>At the beginning of Fit: refuses processes that train something else, and gives all the weights and optimizer state of rank 0.</summary>
        /// <param name="model">The model.</param>
        /// <param name="compiled">Its training.</param>
        /// <param name="batches">The data.</param>
        /// <param name="position">The epoch and step at which training begins.</param>
        /// <exception cref="DistributionException">The processes differ.</exception>
        public void Begin(Model model, CompiledTraining compiled, BatchSource batches, (int Epoch, int Step) position)
        {
            if (distribution.Size == 1) return;
            new Agreement()
                .Add("model", Fingerprint(model.WeightPaths().Select(entry => $"{entry.Path} {entry.Weight.Shape}")))
                .Add("optimizer", compiled.Optimizer.Name)
                .Add("state of the optimizer", Fingerprint(compiled.State.Slots.Select(slot => $"{slot.Name} {slot.Shape}")))
                .Add("batches per epoch", batches.BatchesPerEpoch?.ToString(CultureInfo.InvariantCulture) ?? "unknown")
                .Add("position", $"epoch {position.Epoch + 1}, step {position.Step}")
                .Check(distribution.Communicator);
            foreach (var (_, weight) in model.WeightPaths()) distribution.Copy(weight);
            foreach (var slot in compiled.State.Slots) distribution.Copy(slot);
            long[] counts = [compiled.State.Steps];
            distribution.Communicator.Broadcast(MemoryMarshal.AsBytes(counts.AsSpan()));
            compiled.State.Steps = counts[0];
            distribution.Copy(compiled.State.LearningRate);
        }

        private void Copy(Weight weight) =>
            distribution.Communicator.Broadcast(MemoryMarshal.AsBytes(distribution.Rank == 0 ? weight.Storage : weight.Overwritten()));
    }

    private static string Fingerprint(IEnumerable<string> lines)
    {
        var all = string.Join('\n', lines);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)).AsSpan(0, 4));
    }
}
