using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Tests.Training.Pruning;

[TestClass]
public sealed class SparsityScheduleTests
{
    [TestMethod]
    public void PolynomialDecay_follows_its_formula()
    {
        var schedule = SparsitySchedule.PolynomialDecay(finalSparsity: 0.8, endStep: 1000, initialSparsity: 0.2, beginStep: 200);
        (long Step, double Share)[] expected =
        [
            (0, 0),
            (199, 0),
            (200, 0.2),
            (400, 0.8 - (0.6 * 0.75 * 0.75 * 0.75)),
            (600, 0.8 - (0.6 / 8)),
            (1000, 0.8),
            (5000, 0.8),
        ];
        foreach (var (step, share) in expected) Assert.AreEqual(share, schedule.At(step), 1e-12, $"step {step}");
        Assert.AreEqual(0.5, SparsitySchedule.PolynomialDecay(0.75, endStep: 9, power: 1).At(6), 1e-12);
    }

    [TestMethod]
    public void Zeros_are_chosen_every_so_many_steps_and_at_the_end()
    {
        var schedule = SparsitySchedule.PolynomialDecay(0.5, endStep: 17, beginStep: 3, frequency: 5);
        CollectionAssert.AreEqual(new long[] { 3, 8, 13, 17 }, Enumerable.Range(0, 40).Select(step => (long)step).Where(schedule.IsDue).ToArray());
        SparsitySchedule constant = 0.25;
        CollectionAssert.AreEqual(new long[] { 0, 100, 200 }, Enumerable.Range(0, 250).Select(step => (long)step).Where(constant.IsDue).ToArray());
        Assert.AreEqual(0.25, constant.At(0));
        CollectionAssert.AreEqual(
            new long[] { 4 },
            Enumerable.Range(0, 40).Select(step => (long)step).Where(SparsitySchedule.ConstantSparsity(0.5, beginStep: 4, endStep: 4).IsDue).ToArray());
    }

    [TestMethod]
    public void Wrong_shares_are_reported_in_sentences()
    {
        Refused(() => SparsitySchedule.ConstantSparsity(1), "SparsitySchedule: targetSparsity is 1; expected a share of zeros from 0 to below 1");
        Refused(() => SparsitySchedule.ConstantSparsity(double.NaN), "targetSparsity is NaN");
        Refused(() => SparsitySchedule.PolynomialDecay(-0.5, 10), "finalSparsity is -0.5");
        Refused(() => SparsitySchedule.PolynomialDecay(0.5, 10, beginStep: 10), "endStep is 10; expected more than beginStep, which is 10.");
        Refused(() => SparsitySchedule.PolynomialDecay(0.5, 10, power: 0), "power is 0; expected a number above 0.");
        Refused(() => SparsitySchedule.PolynomialDecay(0.5, 10, frequency: 0), "frequency is 0; expected at least 1.");
        Refused(() => SparsitySchedule.ConstantSparsity(0.5, beginStep: -1), "beginStep is -1; expected 0 or more.");

        static void Refused(Action action, string expected) => StringAssert.Contains(Assert.ThrowsExactly<ModelException>(action).Message, expected);
    }
}
