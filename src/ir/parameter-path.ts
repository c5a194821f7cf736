/** The one name of a parameter: of the layer and its role, or the layer's own where the role is empty, as of a parameter that is a layer itself. */
export function parameterPath(layer: string, role: string): string {
  return role === "" ? layer : `${layer}.${role}`;
}
