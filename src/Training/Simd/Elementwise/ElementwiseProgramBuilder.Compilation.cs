namespace OnnxFunctional.Training.Simd;

internal sealed partial class ElementwiseProgramBuilder
{
    // One compilation. Slots are numbered in this order: lines, registers, inputs read in place, outputs.
    private sealed class Compilation(
        ElementwiseProgramBuilder builder, ElementwiseGeometry geometry, ElementwisePattern[] patterns, int[] uses, Reach[] reach)
    {
        private readonly List<Value> _values = builder._values;
        private readonly int[] _slot = new int[builder._values.Count];
        private readonly int[] _last = new int[builder._values.Count];
        private readonly List<ElementwiseInstruction> _once = [];
        private readonly List<ElementwiseInstruction> _periodic = [];
        private List<ElementwiseInstruction> _tile = [];
        private readonly List<(int Line, float Value)> _constants = [];
        private readonly Stack<int> _free = new();
        private int _lines;
        private int _registers;
        private double _nanoseconds;

        // Registers, inputs and outputs get their final slot indices when the number of lines and registers is known. Until then these offsets mark them.
        private const int RegisterMark = 1 << 16;
        private const int InputMark = 2 << 16;
        private const int OutputMark = 3 << 16;

        public ElementwiseProgram Compile()
        {
            FindLastUses();
            var direct = PlaceOutputs();
            var end = new List<ElementwiseInstruction>();
            for (var i = 0; i < _values.Count; i++)
            {
                if (uses[i] == 0) continue;
                if (_values[i].Kind == ValueKind.Constant) PlaceConstant(i);
                else if (_values[i].Kind == ValueKind.Input) PlaceInput(i);
                else PlaceInstruction(i, direct);
                StoreOutputs(i, direct, end);
            }

            _tile.AddRange(end);
            if (MomentStep.Of(_tile, _lines) is { } step) _tile = [step];
            foreach (var (strides, type, _) in builder._inputs) _nanoseconds += StreamNanoseconds(strides, type);
            _nanoseconds += builder._outputs.Count * 0.3;
            return new ElementwiseProgram(new ElementwiseProgram.Layout
            {
                Geometry = geometry,
                Patterns = patterns,
                InputTypes = [.. builder._inputs.ConvertAll(input => input.Type)],
                OutputTypes = [.. builder._outputs.ConvertAll(output => output.Type)],
                Constants = [.. _constants],
                Once = Finish(_once),
                Periodic = Finish(_periodic),
                Tile = Finish(_tile),
                Lines = _lines,
                Registers = _registers,
                NanosecondsPerElement = _nanoseconds,
            });
        }

        private static double StreamNanoseconds(long[] strides, ElementwiseType type)
        {
            var moves = false;
            foreach (var stride in strides) moves |= stride != 0;
            return moves ? type == ElementwiseType.Float32 ? 0.25 : 0.4 : 0;
        }

        private void FindLastUses()
        {
            for (var i = 0; i < _values.Count; i++)
            {
                if (uses[i] == 0) continue;
                foreach (var operand in _values[i].Operands) _last[operand] = i;
            }

            foreach (var (value, _, _) in builder._outputs) _last[value] = Math.Max(_last[value], value);
        }

        // The output that each value is written to directly, or -1: the first float output of an instruction, unless the input that it overwrites is still
        // needed afterwards.
        private int[] PlaceOutputs()
        {
            var direct = new int[_values.Count];
            Array.Fill(direct, -1);
            for (var o = 0; o < builder._outputs.Count; o++)
            {
                var (value, type, overwrites) = builder._outputs[o];
                var plain = type == ElementwiseType.Float32 && _values[value].Kind == ValueKind.Instruction && reach[value] == Reach.Element
                    && direct[value] < 0;
                if (plain && !IsReadAfter(overwrites, value)) direct[value] = o;
            }

            return direct;
        }

        private bool IsReadAfter(int input, int value) => input >= 0 && _last[builder._inputs[input].Value] > value;

        private void StoreOutputs(int value, int[] direct, List<ElementwiseInstruction> end)
        {
            for (var o = 0; o < builder._outputs.Count; o++)
            {
                var (source, type, overwrites) = builder._outputs[o];
                if (source != value || direct[value] == o) continue;
                LoadOperand(value);
                var store = new ElementwiseInstruction { Opcode = ElementwiseOpcode.Copy, X = _slot[value], Destination = OutputMark + o, StoresAs = type };
                if (IsReadAfter(overwrites, value)) Defer(store, value, end);
                else _tile.Add(store);
            }

            if (IsRegister(value) && _last[value] <= value) Release(value);
        }

        // The value is stored at the end of the tile, so its register must not be reused before.
        private void Defer(ElementwiseInstruction store, int value, List<ElementwiseInstruction> end)
        {
            if (store.X is >= InputMark and < OutputMark)
            {
                // An input passed through: by then another output may have overwritten its memory.
                var register = NewRegister();
                _tile.Add(new ElementwiseInstruction { Opcode = ElementwiseOpcode.Copy, X = store.X, Destination = register });
                store = store with { X = register };
            }

            end.Add(store);
            _last[value] = int.MaxValue;
        }

        private bool IsRegister(int value) => reach[value] == Reach.Element && _slot[value] >= RegisterMark && _slot[value] < InputMark;

        private void Release(int value)
        {
            if (_last[value] == int.MaxValue) return;
            _free.Push(_slot[value]);
            _last[value] = int.MaxValue;
        }

        private int NewRegister() => _free.TryPop(out var slot) ? slot : RegisterMark + _registers++;

        private void PlaceConstant(int i)
        {
            _slot[i] = _lines++;
            _constants.Add((_slot[i], _values[i].Alpha));
        }

        private void PlaceInput(int i)
        {
            var input = _values[i].Input;
            var pattern = patterns[input];
            if (builder._inputs[input].Type == ElementwiseType.Float32 && pattern is ElementwisePattern.Direct or ElementwisePattern.Segment)
            {
                _slot[i] = InputMark + input;
                return;
            }

            var load = new ElementwiseInstruction { Opcode = ElementwiseOpcode.Load, Input = input };
            if (pattern == ElementwisePattern.Scalar) Emit(_once, i, load, _lines++);
            else if (pattern == ElementwisePattern.TileScalar) Emit(_tile, i, load, _lines++);
            else if (pattern == ElementwisePattern.Periodic) Emit(_periodic, i, load, RegisterMark + _registers++);
            else _slot[i] = -1;
        }

        // Inputs that need a register are loaded right before their first use, so that the register is occupied as briefly as possible.
        private void LoadOperand(int operand)
        {
            if (_slot[operand] >= 0) return;
            Emit(_tile, operand, new ElementwiseInstruction { Opcode = ElementwiseOpcode.Load, Input = _values[operand].Input }, NewRegister());
        }

        private void Emit(List<ElementwiseInstruction> list, int value, ElementwiseInstruction instruction, int slot)
        {
            _slot[value] = slot;
            list.Add(instruction with { Destination = slot, IsLine = slot < RegisterMark });
        }

        private void PlaceInstruction(int i, int[] direct)
        {
            var value = _values[i];
            foreach (var operand in value.Operands) LoadOperand(operand);
            var instruction = new ElementwiseInstruction
            {
                Opcode = value.Opcode,
                Alpha = value.Alpha,
                Beta = value.Beta,
                Seed = value.Seed,
                Node = value.Node,
                X = Slot(value, 0),
                Y = Slot(value, 1),
                Z = Slot(value, 2),
            };
            switch (reach[i])
            {
                case Reach.Run:
                    Emit(_once, i, instruction, _lines++);
                    return;
                case Reach.Tile:
                    Emit(_tile, i, instruction, _lines++);
                    return;
                case Reach.Periodic:
                    Emit(_periodic, i, instruction, RegisterMark + _registers++);
                    return;
                default:
                    // The register of an operand may become the destination, because every loop reads an element before it writes it.
                    foreach (var operand in value.Operands)
                    {
                        if (IsRegister(operand) && _last[operand] == i) Release(operand);
                    }

                    Emit(_tile, i, instruction, direct[i] >= 0 ? OutputMark + direct[i] : NewRegister());
                    _nanoseconds += ElementwiseOpcodes.Nanoseconds(value.Opcode);
                    return;
            }
        }

        private int Slot(Value value, int operand) => operand < value.Operands.Length ? _slot[value.Operands[operand]] : 0;

        private ElementwiseInstruction[] Finish(List<ElementwiseInstruction> list)
        {
            var result = list.ToArray();
            for (var i = 0; i < result.Length; i++)
            {
                result[i] = result[i] with
                {
                    X = Final(result[i].X),
                    Y = Final(result[i].Y),
                    Z = Final(result[i].Z),
                    Destination = Final(result[i].Destination),
                    Wide = result[i].Wide is { } wide ? Array.ConvertAll(wide, Final) : null,
                };
            }

            return result;
        }

        private int Final(int slot) => (slot >> 16) switch
        {
            0 => slot,
            1 => _lines + (slot - RegisterMark),
            2 => _lines + _registers + (slot - InputMark),
            _ => _lines + _registers + builder._inputs.Count + (slot - OutputMark),
        };
    }
}
