using System.Text.Json;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Gates;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.State;

/// <summary>An update that waits for gates of the device.</summary>
/// <param name="Deployment">The server's name for it.</param>
/// <param name="Release">The release.</param>
/// <param name="Point">Before which step it waits.</param>
/// <param name="Gates">The gates that were closed.</param>
/// <param name="Detail">Why, for people.</param>
public sealed record Deferral(string Deployment, InstalledRelease Release, GatePoint Point, ValueList<GateKind> Gates, string Detail)
{
    /// <summary>Whether the server would learn nothing new from <paramref name="other"/>: why a gate is closed changes with every look at it.</summary>
    internal bool SaysTheSameAs(Deferral? other) => other is not null && this == other with { Detail = Detail };

    internal static Deferral Read(JsonElement json) => new(
        json.RequiredText("deployment"),
        InstalledRelease.Read(json.GetProperty("release")),
        json.RequiredEnum<GatePoint>("point"),
        [.. json.GetProperty("gates").EnumerateArray().Select(static gate => GateKinds.TryParse(gate.GetString(), out GateKind kind) ? kind : throw new UnknownNameException("gates: wanted names of gates"))],
        json.RequiredText("detail"));

    internal void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("deployment", Deployment);
        Release.Write(json, "release");
        json.WriteString("point", Point.ToString());
        json.WriteStartArray("gates");
        foreach (GateKind gate in Gates)
        {
            json.WriteStringValue(gate.Name());
        }

        json.WriteEndArray();
        json.WriteString("detail", Detail);
        json.WriteEndObject();
    }
}
