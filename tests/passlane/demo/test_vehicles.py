from dataclasses import replace

import pytest

from edge_agent.orders import Order
from inspection.checklist import required_for
from inspection.facts import CaseOpened
from inspection.plate import parse_plate
from inspection.rules import ISSUE_CODES
from inspection.vin import check_digit, parse_vin
from passlane.demo.vehicles import DemoVehicle, demo_vehicles, made_up_vin, replace_items

VEHICLES = demo_vehicles()
NAMES = [vehicle.name for vehicle in VEHICLES]
