using System.Formats.Cbor;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Suit;

/// <summary>Reads and writes command sequences, which nest: each is a byte string that holds an array of commands and arguments by turns.</summary>
internal static class SuitSequence
{
    public static IReadOnlyList<SuitCommand> Decode(ReadOnlyMemory<byte> bytes, string what, int depth = 0)
    {
        if (depth > DecodeLimits.Depth)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"{what}: wanted sequences nested at most {DecodeLimits.Depth} deep");
        }

        return CborDoor.Decode(bytes, what, reader =>
        {
            List<SuitCommand> commands = [];
            long? number = null;
            reader.ReadArray(what, DecodeLimits.Items, _ =>
            {
                if (number is not { } command)
                {
                    number = reader.ReadInt64();
                }
                else
                {
                    commands.Add(ReadCommand(reader, command, what, depth));
                    number = null;
                }
            });
            return number is null
                ? commands
                : throw new RejectedException(RejectionReason.MissingField, $"{what}: the argument of command {number} is missing");
        });
    }

    public static byte[] Encode(IReadOnlyList<SuitCommand> commands) => SuitCbor.Item(writer =>
    {
        writer.WriteStartArray(2 * commands.Count);
        foreach (SuitCommand command in commands)
        {
            writer.WriteInt64(command.Number);
            WriteArgument(writer, command);
        }

        writer.WriteEndArray();
    });

    private static SuitCommand ReadCommand(CborReader reader, long number, string what, int depth)
    {
        switch (number)
        {
            case SuitNumbers.DirectiveSetParameters or SuitNumbers.DirectiveOverrideParameters:
                return new SuitCommand.Parameters(number, ReadParameters(reader, what));
            case SuitNumbers.DirectiveOverrideMultiple:
                List<(long, IReadOnlyList<SuitParameter>)> ofMany = [];
                reader.ReadMap(what, component => ofMany.Add((component, ReadParameters(reader, what))));
                return new SuitCommand.ParametersOfMany(number, ofMany);
            case SuitNumbers.DirectiveSetComponentIndex:
                return new SuitCommand.SelectComponents(number, ReadIndex(reader, what));
            case SuitNumbers.DirectiveTryEach:
                List<IReadOnlyList<SuitCommand>?> alternatives = [];
                reader.ReadArray(what, DecodeLimits.Items, _ => alternatives.Add(ReadAlternative(reader, what, depth)));
                return new SuitCommand.TryEach(number, alternatives);
            case SuitNumbers.DirectiveRunSequence:
                return new SuitCommand.RunSequence(number, Decode(reader.ReadByteString(), what, depth + 1));
            default:
                return new SuitCommand.Plain(number, SuitValue.Read(reader));
        }
    }

    private static List<SuitParameter> ReadParameters(CborReader reader, string what)
    {
        List<SuitParameter> parameters = [];
        reader.ReadMap(what, number => parameters.Add(new SuitParameter(number, SuitValue.ReadParameter(reader, number))));
        return parameters;
    }

    private static ComponentIndex ReadIndex(CborReader reader, string what)
    {
        switch (reader.PeekState())
        {
            case CborReaderState.Boolean when reader.ReadBoolean():
                return new ComponentIndex.All();
            case CborReaderState.StartArray:
                List<long> indices = [];
                reader.ReadArray(what, DecodeLimits.Items, _ => indices.Add(reader.ReadInt64()));
                return new ComponentIndex.Many(indices);
            default:
                return new ComponentIndex.One(reader.ReadInt64()); // false was consumed, and is refused as of the wrong type
        }
    }

    private static IReadOnlyList<SuitCommand>? ReadAlternative(CborReader reader, string what, int depth)
    {
        if (reader.PeekState() != CborReaderState.Null)
        {
            return Decode(reader.ReadByteString(), what, depth + 1);
        }

        reader.ReadNull();
        return null;
    }

    private static void WriteArgument(CborWriter writer, SuitCommand command)
    {
        switch (command)
        {
            case SuitCommand.Parameters parameters:
                WriteParameters(writer, parameters.Values);
                break;
            case SuitCommand.ParametersOfMany many:
                writer.WriteMap(many.Values.Select(static item => (item.Component, (Action<CborWriter>)(w => WriteParameters(w, item.Values)))));
                break;
            case SuitCommand.SelectComponents { Index: ComponentIndex.One one }:
                writer.WriteInt64(one.Index);
                break;
            case SuitCommand.SelectComponents { Index: ComponentIndex.Many many }:
                writer.WriteArray(many.Indices, static (w, index) => w.WriteInt64(index));
                break;
            case SuitCommand.SelectComponents:
                writer.WriteBoolean(true);
                break;
            case SuitCommand.TryEach each:
                writer.WriteArray(each.Alternatives, WriteAlternative);
                break;
            case SuitCommand.RunSequence run:
                writer.WriteByteString(Encode(run.Commands));
                break;
            case SuitCommand.Plain plain:
                plain.Argument.Write(writer);
                break;
            default:
                throw new InvalidOperationException("the set of commands is closed");
        }
    }

    private static void WriteParameters(CborWriter writer, IReadOnlyList<SuitParameter> parameters) =>
        writer.WriteMap(parameters.Select(static parameter => (parameter.Number, (Action<CborWriter>)parameter.Value.Write)));

    private static void WriteAlternative(CborWriter writer, IReadOnlyList<SuitCommand>? commands)
    {
        if (commands is null)
        {
            writer.WriteNull();
        }
        else
        {
            writer.WriteByteString(Encode(commands));
        }
    }
}
