using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Suit;

namespace Fota.Cli.Manifests;

/// <summary>A SUIT document of any profile as JSON. What has no name here is shown by its number, and what has no type as hexadecimal CBOR.</summary>
internal static class DocumentJson
{
    public static void Write(Utf8JsonWriter json, SuitDocument document)
    {
        json.WriteStartObject("document");
        json.WriteBoolean("tagged", document.IsTagged);
        json.WriteNumber("manifest_version", document.Manifest.Version);
        json.WriteNumber("sequence_number", document.Manifest.Sequence);
        WriteCommon(json, document.Manifest.Common);
        foreach (SuitMember member in document.Manifest.Members)
        {
            WriteContent(json, SuitNames.Member(member.Number), member.Content);
        }

        json.WriteStartObject("severed_members");
        foreach ((long number, SeveredState state) in document.SeveredMembers)
        {
            json.WriteString(SuitNames.Member(number), state.ToString());
        }

        json.WriteEndObject();
        json.WriteStartObject("beside_manifest");
        foreach (SuitMember member in document.Beside)
        {
            WriteContent(json, SuitNames.Member(member.Number), member.Content);
        }

        json.WriteEndObject();
        json.WriteStartObject("integrated_payloads");
        foreach ((string name, SuitValue content) in document.IntegratedPayloads)
        {
            WriteValue(json, name, content);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteCommon(Utf8JsonWriter json, SuitCommon common)
    {
        json.WriteStartObject("common");
        if (common.Dependencies is { } dependencies)
        {
            json.WriteStartArray("dependencies");
            foreach (SuitDependency dependency in dependencies)
            {
                json.WriteStartObject();
                json.WriteNumber("index", dependency.Index);
                json.WriteString("prefix", dependency.Prefix?.ToString());
                WriteParameters(json, dependency.Others, static number => SuitNames.Parameter(number));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteStartArray("components");
        foreach (ComponentId id in common.Components ?? [])
        {
            json.WriteStringValue(id.ToString());
        }

        json.WriteEndArray();
        if (common.SharedSequence is { } shared)
        {
            WriteCommands(json, "shared-sequence", shared);
        }

        WriteParameters(json, common.Others, static number => $"element {number}");
        json.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter json, string name, SuitContent content)
    {
        switch (content)
        {
            case SuitContent.Commands commands:
                WriteCommands(json, name, commands.Content);
                break;
            case SuitContent.Text text:
                WriteText(json, name, text.Content);
                break;
            case SuitContent.Severed severed:
                json.WriteString(name, Describe(severed.Digest));
                break;
            case SuitContent.Identifier identifier:
                json.WriteString(name, identifier.Component.ToString());
                break;
            case SuitContent.Other other:
                WriteValue(json, name, other.Content);
                break;
            default:
                throw new InvalidOperationException("the set of contents is closed");
        }
    }

    private static void WriteText(Utf8JsonWriter json, string name, SuitText text)
    {
        json.WriteStartObject(name);
        foreach (SuitText.Language language in text.Languages)
        {
            json.WriteStartObject(language.Tag);
            WriteParameters(json, language.Fields, SuitNames.Text);
            foreach ((ComponentId component, IReadOnlyList<SuitParameter> fields) in language.Components)
            {
                json.WriteStartObject($"component {component}");
                WriteParameters(json, fields, SuitNames.ComponentText);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteCommands(Utf8JsonWriter json, string name, IReadOnlyList<SuitCommand> commands)
    {
        json.WritePropertyName(name);
        WriteCommands(json, commands);
    }

    private static void WriteCommands(Utf8JsonWriter json, IReadOnlyList<SuitCommand> commands)
    {
        json.WriteStartArray();
        foreach (SuitCommand command in commands)
        {
            json.WriteStartObject();
            WriteCommand(json, SuitNames.Command(command.Number), command);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCommand(Utf8JsonWriter json, string name, SuitCommand command)
    {
        switch (command)
        {
            case SuitCommand.Plain plain:
                WriteValue(json, name, plain.Argument);
                break;
            case SuitCommand.Parameters parameters:
                json.WriteStartObject(name);
                WriteParameters(json, parameters.Values, SuitNames.Parameter);
                json.WriteEndObject();
                break;
            case SuitCommand.ParametersOfMany many:
                json.WriteStartObject(name);
                foreach ((long component, IReadOnlyList<SuitParameter> values) in many.Values)
                {
                    json.WriteStartObject($"component {component}");
                    WriteParameters(json, values, SuitNames.Parameter);
                    json.WriteEndObject();
                }

                json.WriteEndObject();
                break;
            case SuitCommand.SelectComponents select:
                json.WriteString(name, select.Index switch
                {
                    ComponentIndex.One one => $"{one.Index}",
                    ComponentIndex.Many several => string.Join(", ", several.Indices),
                    _ => "all",
                });
                break;
            case SuitCommand.TryEach each:
                json.WriteStartArray(name);
                foreach (IReadOnlyList<SuitCommand>? alternative in each.Alternatives)
                {
                    WriteCommands(json, alternative ?? []);
                }

                json.WriteEndArray();
                break;
            case SuitCommand.RunSequence run:
                WriteCommands(json, name, run.Commands);
                break;
            default:
                throw new InvalidOperationException("the set of commands is closed");
        }
    }

    private static void WriteParameters(Utf8JsonWriter json, IReadOnlyList<SuitParameter> parameters, Func<long, string> nameOf)
    {
        foreach (SuitParameter parameter in parameters)
        {
            WriteValue(json, nameOf(parameter.Number), parameter.Value);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, string name, SuitValue value) => json.WriteString(name, value switch
    {
        SuitValue.Number number => number.Value.ToString(),
        SuitValue.Bytes bytes => Convert.ToHexStringLower(bytes.Content.Span),
        SuitValue.Text text => text.Content,
        SuitValue.Digest digest => Describe(digest.Content),
        SuitValue.Version version => version.Content.ToString(),
        SuitValue.Raw raw => $"CBOR {Convert.ToHexStringLower(raw.Encoded.Span)}",
        _ => throw new InvalidOperationException("the set of values is closed"),
    });

    private static string Describe(SuitDigest digest) => $"{digest.Algorithm}:{Convert.ToHexStringLower(digest.Value.Span)}";
}
